public import HTTPTypes
internal import WeaverCore

extension HTTPResponseWriter {
    /// Answers a request that offers another protocol by 101 (Switching Protocols), and runs `body` with the connection.
    ///
    ///     try await writer.upgrade(to: "echo") { tunnel in
    ///         for try await bytes in tunnel { try await tunnel.write(bytes) }
    ///     }
    ///
    /// When `body` returns, our side ends, and the connection soon after the client's; when it throws, the connection is cut. It is
    /// cut as well when nothing passes for an hour, or 10 s after the listener began to drain, which ``cancelOnDrain(_:)`` tells.
    ///
    /// - Parameters:
    ///   - name: as the request's Upgrade has it, without regard to case.
    ///   - headers: further fields of the answer.
    ///   - body: what speaks the protocol.
    /// - Throws: ``HTTPError``: the request does not offer it (`upgradeRefused`, unhandled answered by 426), its body was
    ///   not read to its end or a head was sent before (`invalidState`), or the client is gone (`clientGone`); and what
    ///   `body` throws.
    public func upgrade<Result>(
        to name: String, headers: HTTPFields = [:], _ body: (HTTPTunnel) async throws -> Result
    ) async throws -> Result {
        let tunnel = try await exchange.onLoop { exchange in
            try exchange.switchProtocols(to: name, headers) { RawTunnel($0) }
        }
        do {
            let result = try await body(HTTPTunnel(tunnel: tunnel))
            await exchange.leaveTunnel { tunnel.connection.letGo() }
            return result
        } catch {
            await exchange.leaveTunnel { tunnel.connection.cut() }
            throw error
        }
    }

    /// Answers a request that opens a WebSocket, and runs `body` with it.
    ///
    ///     try await writer.upgradeToWebSocket { socket in
    ///         for try await message in socket { try await socket.send(message) }
    ///     }
    ///
    /// When `body` returns the WebSocket is closed with ``WebSocketCloseCode/normal``, when it throws with
    /// ``WebSocketCloseCode/internalError``, and when the listener drains with ``WebSocketCloseCode/goingAway``. Pages of any
    /// origin may open one: where cookies decide who somebody is, look at the request's Origin first. Compression is not
    /// negotiated.
    ///
    /// - Parameters:
    ///   - subprotocols: those that the handler speaks, the best one first.
    ///   - messageLimit: bytes of a message that are taken in.
    ///   - body: what takes messages and sends them.
    /// - Throws: ``HTTPError``: the request is no opening handshake (`upgradeRefused`, unhandled answered by 426 or 400),
    ///   a head was sent before (`invalidState`), or the client is gone (`clientGone`); and what `body` throws.
    public func upgradeToWebSocket<Result>(
        subprotocols: [String] = [], messageLimit: Int = WebSocket.defaultMessageLimit,
        _ body: (WebSocket) async throws -> Result
    ) async throws -> Result {
        precondition(messageLimit >= 0, "a limit below zero")
        let (tunnel, subprotocol) = try await exchange.onLoop {
            try $0.openWebSocket(subprotocols: subprotocols, messageLimit: messageLimit)
        }
        do {
            let result = try await body(WebSocket(tunnel: tunnel, subprotocol: subprotocol))
            await exchange.leaveTunnel { tunnel.abandon(.normal) }
            return result
        } catch {
            await exchange.leaveTunnel { tunnel.abandon(.internalError) }
            throw error
        }
    }
}
