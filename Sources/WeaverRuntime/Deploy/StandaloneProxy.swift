package import WeaverCore
package import WeaverLoop

/// The babysitter's proxy alone, in front of backends that stay the same: what `weaver proxy` runs.
///
/// One proxy for each address it listens on, as a deployment has one for each listener. From any thread.
package final class StandaloneProxy: @unchecked Sendable {
    // @unchecked: everything mutable belongs to the loop's thread.

    /// An address that cannot be listened on.
    package struct CannotListen: Error, CustomStringConvertible {
        package let description: String
    }

    private let loop: EventLoop
    private let proxies: [ReverseProxy]
    private let drainTimeout: Duration
    private var signals: [SignalSource] = []
    private var timer: LoopTimer?
    private var isDraining = false
    private var undrained = 0
    private var onEnd: (() -> Void)?

    /// - Parameter drainTimeout: how long requests in flight may take after the first signal.
    package init(
        loop: EventLoop, listeners: Int, configuration: ReverseProxyConfiguration, backends: [SocketAddress],
        drainTimeout: Duration, accessLog: AccessLog? = nil
    ) {
        self.loop = loop
        self.drainTimeout = drainTimeout
        proxies = (0..<listeners).map { _ in ReverseProxy(loop: loop, configuration: configuration) }
        for proxy in proxies {
            proxy.accessLog = accessLog
            proxy.setBackends(backends)
        }
    }

    /// Listens on `addresses`, one for each proxy, and gives where that is, with the ports that the system chose. On an
    /// error nothing listens.
    package func start(_ addresses: [SocketAddress]) async throws -> [SocketAddress] {
        try await loop.run { [self] in try startAll(addresses) }
    }

    private func startAll(_ addresses: [SocketAddress]) throws -> [SocketAddress] {
        var bound: [SocketAddress] = []
        for (proxy, address) in zip(proxies, addresses) {
            do throws(UVError) {
                try proxy.start(address: address)
                bound.append(proxy.localAddress ?? address)
            } catch {
                for proxy in proxies { proxy.close() }
                throw CannotListen(
                    description: error.isAddressInUse ? "the address \(address) is in use" : "\(address): \(error)")
            }
        }
        return bound
    }

    /// Serves until SIGINT, SIGTERM or SIGHUP has come and every request in flight has ended, or the drain's bound has
    /// passed, or a second signal has come. Gives the number of connections that were cut.
    package func run() async throws -> Int {
        try await withCheckedThrowingContinuation { continuation in
            loop.handOver { [self] isInLoop in
                guard isInLoop else { return continuation.resume(throwing: EventLoop.Ended()) }
                do {
                    timer = try LoopTimer(loop: loop) { [unowned self] in cut() }
                    for signal in EndingSignals.all {
                        signals.append(try SignalSource(loop: loop, signal: signal) { [unowned self] _ in stop() })
                    }
                } catch {
                    return continuation.resume(throwing: error)
                }
                onEnd = { continuation.resume(returning: self.connectionsCut) }
            }
        }
    }

    private var connectionsCut = 0

    private func stop() {
        guard !isDraining else { return cut() }
        isDraining = true
        timer?.arm(after: drainTimeout)
        undrained = proxies.count
        for proxy in proxies {
            proxy.drain { [self] in
                undrained -= 1
                if undrained == 0 { end() }
            }
        }
    }

    private func cut() {
        guard undrained > 0, connectionsCut == 0 else { return }
        connectionsCut = proxies.reduce(0) { $0 + $1.serverCounters.openConnections }
        for proxy in proxies { proxy.close() }
    }

    private func end() {
        for signal in signals { signal.close() }
        signals = []
        timer?.close()
        timer = nil
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?()
    }
}
