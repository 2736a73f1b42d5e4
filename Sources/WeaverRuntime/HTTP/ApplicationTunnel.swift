internal import WeaverLoop

/// A protocol that is spoken after 101, between the loop, where bytes come and go, and the handler's tasks, which may run
/// anywhere: ``RawTunnel``, ``WebSocketTunnel``. Its requirements are called on the loop, where nothing else is said.
protocol ApplicationTunnel: AnyObject, Sendable {
    /// The client's side of it.
    var connection: TunnelConnection { get }

    /// Takes bytes in; false when no more should come for now.
    func take(_ bytes: RawSpan) -> Bool
    /// The client has closed its side.
    func clientEnded()
    /// Nothing more comes, because of `error`: whoever waits hears of it.
    func ended(by error: HTTPError)
    /// The server drains: the connection is cut after a while.
    func serverDrains()
    /// Bytes that wait for the handler.
    var bufferedBytes: Int { get }
    /// What the handler does about the end, once the connection is gone. From any thread.
    var handlerState: HandlerState { get }
}

extension ApplicationTunnel {
    /// Bytes have come.
    func received(_ bytes: RawSpan) {
        if !take(bytes) { connection.hold() }
    }

    /// The connection is gone, and nobody waits for anything any more.
    func clientGone() {
        connection.forget()
        ended(by: ApplicationExchange.gone)
    }
}

/// How far the handler of a tunnel is whose connection is gone.
enum HandlerState: Equatable {
    /// It may wait for what will never happen: it is cancelled.
    case unheard
    /// It has something to do that its client has left behind, and has asked for more so many times. It is cancelled when
    /// ``HTTPServerConfiguration/tunnelLeaveTimeout`` passes without another time.
    case busy(takes: Int)
    /// It has heard that nothing more will pass, and ends by itself.
    case told
}
