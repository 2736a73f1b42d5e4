package import WeaverCore

/// What answers the requests of one connection, one after the other; all of it on the loop's thread.
///
/// The connection retains its handler until `clientDidClose`. Calls for one request come in this order:
/// `requestDidBegin`, any number of `requestDidReceive`, `requestDidEnd`; the response may be sent at any time in
/// between and after. Once it is finished, nothing more comes for this request.
package protocol HTTPConnectionHandler: AnyObject {
    /// A request's head arrived. `head` and `bytes`, which it points into, are lent for the time of the call.
    func requestDidBegin(_ head: borrowing RequestHead, in bytes: RawSpan)
    /// A part of its body, lent for the time of the call.
    func requestDidReceive(_ body: RawSpan)
    /// The request is complete.
    func requestDidEnd(trailers: TrailerSection?)
    /// Bytes of the client in a tunnel, lent for the time of the call. `pauseBody()` and `resumeBody()` hold them back.
    func tunnelDidReceive(_ bytes: RawSpan)
    /// The client has closed its side of the tunnel.
    func tunnelDidEnd()
    /// The server drains: the tunnel is cut when it does not end soon.
    func tunnelWillBeCut()
    /// The client has taken so much of the response that more may be written.
    func clientDidDrain()
    /// A request's head arrived that announces a body past the limit: `requestRefused` follows, and nothing else of it.
    func requestIsTooLarge(_ head: borrowing RequestHead, in bytes: RawSpan)
    /// What came is no request, or will never be a whole one, or is one connection too many: the connection has answered
    /// by `status`, and ends.
    func requestRefused(_ status: HTTPStatus)
    /// The connection is gone. Nothing comes after it.
    func clientDidClose()
    /// The time of ``HTTPServerConnection/handlerDeadline`` has passed.
    func deadlineDidPass()
    /// Time has passed, and nothing waits to be sent to the client: memory that is kept for the next bytes may go.
    func releaseIdleMemory()
    /// Bytes that it keeps in memory for the current request.
    var bufferedBytes: Int { get }
}

/// A handler that never calls ``HTTPServerConnection/beginTunnel(_:)`` need not know of tunnels.
extension HTTPConnectionHandler {
    package func requestIsTooLarge(_ head: borrowing RequestHead, in bytes: RawSpan) {}
    package func requestRefused(_ status: HTTPStatus) {}
    package func tunnelDidReceive(_ bytes: RawSpan) {}
    package func tunnelDidEnd() {}
    package func tunnelWillBeCut() {}
    package func releaseIdleMemory() {}
}
