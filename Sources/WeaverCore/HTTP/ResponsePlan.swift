/// How a response goes to one client: with which framing, and whether the connection is used again.
package struct ResponsePlan: Sendable, Equatable {
    /// How the body is written. For a response without one `none`, though its head may name a length (HEAD, 304).
    package let framing: BodyFraming
    /// The connection carries another request afterwards.
    package let keepAlive: Bool
    /// The client speaks HTTP/1.0: it has to be told that the connection is kept.
    package let isOldClient: Bool

    /// Plans the response to `request`.
    ///
    /// - Parameters:
    ///   - body: what is known of the body: its length, or that only its end will tell (`chunked`, `untilClose`).
    ///   - mustClose: the connection cannot be used again: the server drains, or the request's body is still arriving.
    package init(
        to request: RequestTraits, status: HTTPStatus, body: BodyFraming, mustClose: Bool
    ) {
        isOldClient = request.isOldClient
        var reusable = request.keepAlive && !mustClose
        if request.method == .head || status.forbidsBody {
            framing = .none
        } else {
            switch body {
            case .none, .length: framing = body
            case .chunked, .untilClose:
                // Section 6.1: no transfer coding to a client that did not say HTTP/1.1.
                framing = isOldClient ? .untilClose : .chunked
                if isOldClient { reusable = false }
            }
        }
        keepAlive = reusable
    }

    private init(framing: BodyFraming, keepAlive: Bool, isOldClient: Bool) {
        self.framing = framing
        self.keepAlive = keepAlive
        self.isOldClient = isOldClient
    }

    /// The same, with the connection closed afterwards.
    package func closing() -> ResponsePlan {
        ResponsePlan(framing: framing, keepAlive: false, isOldClient: isOldClient)
    }

    /// Writes the Connection field that this plan needs, if any.
    package func writeConnection(to output: inout OutputBuffer) {
        if !keepAlive {
            output.append(ascii: "Connection: close\r\n")
        } else if isOldClient {
            output.append(ascii: "Connection: keep-alive\r\n")
        }
    }
}
