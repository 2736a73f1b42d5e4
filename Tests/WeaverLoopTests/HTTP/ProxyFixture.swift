import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

/// A proxy on its loop, for tests that run elsewhere.
final class ProxyFixture: @unchecked Sendable {
    // @unchecked: `proxy` is used on the loop only.
    let loop: EventLoop
    let address: SocketAddress
    private let proxy: ReverseProxy

    private init(loop: EventLoop, proxy: ReverseProxy, address: SocketAddress) {
        self.loop = loop
        self.proxy = proxy
        self.address = address
    }

    static func start(
        _ loop: EventLoop, backends: [SocketAddress],
        _ configure: @escaping @Sendable (inout ReverseProxyConfiguration) -> Void = { _ in }
    ) async throws -> ProxyFixture {
        try await loop.run {
            var configuration = ReverseProxyConfiguration()
            // A test that waits for its turn on a busy machine is no silent client.
            configuration.server.headerTimeout = .seconds(3600)
            configure(&configuration)
            let proxy = ReverseProxy(loop: loop, configuration: configuration)
            try proxy.start(address: .ip("127.0.0.1", port: 0))
            proxy.setBackends(backends)
            return ProxyFixture(loop: loop, proxy: proxy, address: proxy.localAddress ?? .ip("127.0.0.1", port: 0))
        }
    }

    func isDraining() async throws -> Bool { try await loop.run { self.proxy.server.isDraining } }

    /// What is behind `address` answers nobody any more.
    func fellSilent(_ address: SocketAddress) async throws { try await loop.run { self.proxy.fellSilent(address) } }

    func setBackends(_ addresses: [SocketAddress]) async throws {
        try await loop.run { self.proxy.setBackends(addresses) }
    }

    func counters() async throws -> ReverseProxyCounters { try await loop.run { self.proxy.counters } }
    func serverCounters() async throws -> HTTPServerCounters { try await loop.run { self.proxy.serverCounters } }
    func bufferedBytes() async throws -> Int { try await loop.run { self.proxy.bufferedBytes } }
    func splices() async throws -> Int { try await loop.run { self.proxy.splicesInFlight } }
    func inFlight() async throws -> Int { try await loop.run { self.proxy.requestsInFlight.values.reduce(0, +) } }

    func status() async throws -> ProxyStatus { try await loop.run { self.proxy.status(listener: "test") } }
    func setAccessLog(_ log: AccessLog) async throws { try await loop.run { self.proxy.accessLog = log } }
    func whenReleased(_ address: SocketAddress, _ released: @escaping @Sendable () -> Void) async throws {
        try await loop.run { self.proxy.whenReleased(address, released) }
    }

    /// Whether something is on its way to a backend that has been removed.
    func inFlightWithLeaving(_ address: SocketAddress) async throws -> Bool {
        try await loop.run {
            var isReleased = false
            self.proxy.whenReleased(address) { isReleased = true }
            return !isReleased
        }
    }

    func drain() async {
        await withCheckedContinuation { continuation in
            loop.execute { self.proxy.drain { continuation.resume() } }
        }
    }

    func close() async throws { try await loop.run { self.proxy.close() } }
}

/// Lets `client` ask once, and gives the backend's end of the connection that the proxy keeps then.
func keptConnection(_ client: RawPeer, _ backend: RawServer) async throws -> RawPeer {
    try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
    let peer = try #require(await backend.accept())
    _ = await peer.receive("\r\n\r\n")
    try await peer.send("HTTP/1.1 204 No Content\r\n\r\n")
    _ = await client.receive("\r\n\r\n")
    try await client.forget()
    try await peer.forget()
    return peer
}

/// One proxy, one scripted backend, one client.
func withProxy(
    _ configure: @escaping @Sendable (inout ReverseProxyConfiguration) -> Void = { _ in },
    _ body: (ProxyFixture, RawServer, RawPeer) async throws -> Void
) async throws {
    try await withLoop { loop in
        let backend = try await RawServer(loop: loop)
        let proxy = try await ProxyFixture.start(loop, backends: [backend.address], configure)
        let client = try await RawPeer.connect(to: proxy.address, loop: loop)
        do {
            try await body(proxy, backend, client)
        } catch {
            Issue.record(error)
        }
        try await client.close()
        try await proxy.close()
        try await backend.close()
    }
}
