internal import HTTPTypes
internal import WeaverCore
internal import WeaverLoop

/// What a request offers besides HTTP, kept until it is answered.
struct OfferedProtocols {
    let request: HTTPRequest
    let offer: UpgradeOffer
    private let hasBody: Bool

    /// Nil for an ordinary request.
    init?(_ request: HTTPRequest, _ head: borrowing RequestHead, in bytes: RawSpan) {
        guard let offer = UpgradeOffer(head, in: bytes) else { return nil }
        self.request = request
        self.offer = offer
        switch head.framing {
        case .none, .length(0): hasBody = false
        default: hasBody = true
        }
    }

    /// What it says of WebSocket.
    var webSocket: WebSocketHandshake.Request {
        func values(_ name: HTTPField.Name) -> [String] { request.headerFields[values: name] }
        return WebSocketHandshake.Request(
            isGet: request.method == .get, isOffered: offer.contains(WebSocketHandshake.name), hasBody: hasBody,
            keys: values(.secWebSocketKey), versions: values(.secWebSocketVersion),
            protocols: values(.secWebSocketProtocol))
    }
}

extension ApplicationExchange {
    /// Answers by 101; on the loop. Throws ``HTTPError`` where that is no answer.
    func switchProtocols<Tunnel: ApplicationTunnel>(
        to name: String, _ headers: HTTPFields, _ make: (TunnelConnection) -> Tunnel
    ) throws -> Tunnel {
        guard offered?.offer.contains(name) == true else {
            throw HTTPError(
                code: .upgradeRefused, message: "the request does not offer \(name)",
                answer: HTTPResponse(status: .upgradeRequired, headerFields: [.upgrade: name]))
        }
        return try beginTunnel(make) { output in
            ResponseHeadWriter.writeSwitching(to: name, headers, to: &output)
        }
    }

    /// Answers an opening handshake; on the loop. Throws ``HTTPError`` where it is none.
    func openWebSocket(subprotocols: [String], messageLimit: Int) throws -> (WebSocketTunnel, String?) {
        let handshake: WebSocketHandshake
        do throws(WebSocketHandshake.Refusal) {
            guard let offered else { throw .notOffered }
            handshake = try WebSocketHandshake(offered.webSocket, supported: subprotocols)
        } catch {
            throw HTTPError(code: .upgradeRefused, message: error.rawValue, answer: error.answer)
        }
        var headers: HTTPFields = [.secWebSocketAccept: handshake.accept]
        headers[.secWebSocketProtocol] = handshake.subprotocol
        let tunnel = try switchProtocols(to: WebSocketHandshake.name, headers) { connection in
            WebSocketTunnel(connection, messageLimit: messageLimit)
        }
        return (tunnel, handshake.subprotocol)
    }

    /// Answers by 101, whose head `write` writes. What comes from now on is the tunnel's.
    private func beginTunnel<Tunnel: ApplicationTunnel>(
        _ make: (TunnelConnection) -> Tunnel, _ write: (inout OutputBuffer) -> Void
    ) throws -> Tunnel {
        guard let connection else { throw Self.gone }
        guard !isHeadSent, !isOver else { throw Self.headIsSent }
        guard connection.mayBeginTunnel else {
            throw HTTPError(code: .invalidState, message: "the request's body was not read to its end")
        }
        isHeadSent = true
        noteStatus(Int(HTTPStatus.switchingProtocols.rawValue))
        let tunnel = make(TunnelConnection(connection, application: application))
        self.tunnel = tunnel
        connection.beginTunnel(write)
        return tunnel
    }

    /// The handler has left its tunnel, which `end` ends.
    func leaveTunnel(_ end: @escaping @Sendable () -> Void) async {
        try? await onLoop { exchange in
            exchange.isOver = true
            exchange.leaveWatch?.cancel()
            exchange.leaveWatch = nil
            end()
        }
    }
}

extension WebSocketHandshake.Refusal {
    /// What a client gets that is refused.
    fileprivate var answer: HTTPResponse {
        var response = HTTPResponse(status: .init(code: Int(status.rawValue)))
        if status == .upgradeRequired {
            response.headerFields[.upgrade] = WebSocketHandshake.name
            response.headerFields[.secWebSocketVersion] = WebSocketHandshake.version
        }
        return response
    }
}
