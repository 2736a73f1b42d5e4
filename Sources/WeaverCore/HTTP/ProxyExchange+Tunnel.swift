/// The exchange after 101 (Switching Protocols): bytes pass both ways, and each side may end before the other.
///
///     side ends first   what it said goes out, then the other side's connection is half-closed
///     both have ended   the backend's connection closes behind what is queued for it, then the client's
///     one side breaks   the other is cut by a reset, so that what is missing shows
///
/// The client's connection closes last: while it is open its bounds hold for the backend's too.
extension ProxyExchange {
    /// Bytes pass both ways.
    package var isTunnel: Bool {
        if case .tunnel = state { return true }
        return false
    }

    /// A head with the status 101 arrived.
    ///
    /// - Parameter isAsOffered: it changes to what the request offered, and to nothing else.
    package mutating func switched(isAsOffered: Bool) -> Action {
        guard isAwaiting else { return [] }
        guard offersUpgrade, isAsOffered else { return fail(.unaskedProtocol) }
        // The rest of the request would be read in the new protocol, or the new protocol as the rest of the request.
        guard requestEnded else { return fail(.protocolInsideRequest) }
        state = .tunnel(clientEnded: false, backendEnded: false)
        return .openTunnel
    }

    /// The client has closed its side of the tunnel.
    package mutating func tunnelClientEnded() -> Action {
        guard case .tunnel(false, let backendEnded) = state else { return [] }
        state = .tunnel(clientEnded: true, backendEnded: backendEnded)
        return backendEnded ? .finishBackend : .endBackend
    }

    /// The backend has closed its side of the tunnel.
    package mutating func tunnelBackendEnded() -> Action {
        guard case .tunnel(let clientEnded, false) = state else { return [] }
        state = .tunnel(clientEnded: clientEnded, backendEnded: true)
        return clientEnded ? [.endClient, .finishBackend] : .endClient
    }

    /// The backend's connection has closed, by our hand or by a failure.
    ///
    /// - Parameter isComplete: everything that was queued for it is out.
    package mutating func tunnelBackendClosed(isComplete: Bool) -> Action {
        guard isTunnel else { return [] }
        let isOver = state == .tunnel(clientEnded: true, backendEnded: true) && isComplete
        state = .idle
        return isOver ? [.closeBackend, .finishClient] : [.closeBackend, .abortClient]
    }
}
