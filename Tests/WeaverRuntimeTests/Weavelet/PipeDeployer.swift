import Logging
import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

/// The deployer's side of the pipes, for weavelets that run in the test's own process.
final class PipeDeployer: @unchecked Sendable {
    // @unchecked: the pipes and routes belong to the loop's thread.

    typealias Pipe = PipeConnection<WeaveletCodec, EnvelopeCodec>

    private let loop: EventLoop
    private var pipes: [String: Pipe] = [:]
    private var addresses: [String: String] = [:]
    /// Components whose replica has started, and who has asked for them: routing info is for what takes calls.
    private var started: Set<String> = []
    private var subscribers: [(component: String, pipe: Pipe)] = []
    private let log = Mutex<[LogEntry]>([])
    private let dropped = Mutex(0)
    private let spansTaken = Mutex<[SpanRecord]>([])
    private let merged = Mutex(DeploymentMetrics())
    private let asked = Mutex<[String]>([])
    /// How often an ask is refused before it is granted.
    private let refusals: Mutex<Int>
    private let secret = [UInt8](repeating: 7, count: SetupInfo.secretLength)

    init(loop: EventLoop, refusing refusals: Int = 0) {
        self.loop = loop
        self.refusals = Mutex(refusals)
    }

    var entries: [LogEntry] { log.withLock { $0 } }
    var entriesDropped: Int { dropped.withLock { $0 } }
    var spans: [SpanRecord] { spansTaken.withLock { $0 } }
    var metrics: [MetricSeries] { merged.withLock { $0.all } }
    /// The components that weavelets have asked for.
    var componentsAsked: [String] { asked.withLock { $0 } }

    /// Starts a weavelet for `group` and waits until it listens.
    func launch(
        _ replica: String, group: [String], reachable: [String], registry: ComponentRegistry,
        sections: [String: String] = [:], callSocket: String? = nil,
        tracesPerSecond: Int? = nil, telemetry: Telemetry = Telemetry()
    ) async throws -> Weavelet {
        var down = try PipePair()
        var up = try PipePair()
        let mine = (read: up.takeReadEnd(), write: down.takeWriteEnd())
        let theirs = (read: down.takeReadEnd(), write: up.takeWriteEnd())
        var setup = SetupInfo(
            application: "orchard", deployment: "d", replica: replica, group: group, secret: secret,
            sections: sections, deadline: .seconds(60), reachable: reachable, routed: [])
        setup.callSocket = callSocket
        setup.tracesPerSecond = tracesPerSecond
        async let weavelet = Weavelet.start(
            descriptors: theirs, registry: registry, loop: loop, level: .info, telemetry: telemetry,
            bootstrap: { _, _ in })
        let reply = await request(replica, .setup(setup), over: mine)
        guard case .info(let info) = reply else {
            throw EnvelopeRefusal(description: "setup was answered by \(String(describing: reply))")
        }
        await onLoop { for component in group { self.addresses[component] = info.address } }
        return try await weavelet
    }

    /// Sends a request to a weavelet and waits for the answer; nil when its pipe closes first.
    func request(
        _ replica: String, _ message: EnvelopeMessage, over descriptors: (read: Int32, write: Int32)? = nil
    ) async -> WeaveletMessage? {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                if let descriptors { open(replica, descriptors) }
                guard let pipe = pipes[replica] else { return continuation.resume(returning: nil) }
                pipe.request(message) { [self] answer in
                    if case .componentsToStart(let components) = message, answer == .done { didStart(components) }
                    continuation.resume(returning: answer)
                }
            }
        }
    }

    func send(_ replica: String, _ message: EnvelopeMessage) async {
        await onLoop { self.pipes[replica]?.send(message) }
    }

    /// Peers of a process that may call `components`.
    func peers(reachable components: [String]) throws -> RPCPeers {
        guard let secret = DeploymentSecret(bytes: secret) else { throw EnvelopeRefusal(description: "no secret") }
        let hello = Hello(secret: secret, version: try BuildIdentity.current(), name: "caller", reachable: components)
        return RPCPeers(loop: loop, hello: hello)
    }

    /// Where the replica of a component takes calls.
    func address(of component: String) async -> SocketAddress? {
        await withCheckedContinuation { continuation in
            loop.execute { [self] in
                continuation.resume(returning: addresses[component].flatMap { SocketAddress($0) })
            }
        }
    }

    /// Closes the pipes as a deployer that dies does.
    func abandon(_ replica: String) async {
        await onLoop { self.pipes[replica]?.close() }
    }

    /// Returns when all pipes have closed, as they do when their weavelets have ended.
    func waitForTheEnd() async {
        while await !withCheckedContinuation({ (continuation: CheckedContinuation<Bool, Never>) in
            loop.execute { continuation.resume(returning: self.pipes.isEmpty) }
        }) { await Task.yield() }
    }

    private func onLoop(_ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            loop.execute {
                body()
                continuation.resume()
            }
        }
    }

    private func open(_ replica: String, _ descriptors: (read: Int32, write: Int32)) {
        guard
            let pipe = try? Pipe(loop: loop, readDescriptor: descriptors.read, writeDescriptor: descriptors.write)
        else { return }
        pipe.onMessage = { [unowned self, unowned pipe] id, message in
            if case .metrics(let report, _) = message { _ = merged.withLock { $0.merge(report, of: replica) } }
            answer(message, id, pipe)
        }
        pipe.onClose = { [weak self] _ in self?.pipes[replica] = nil }
        pipes[replica] = pipe
        pipe.start()
    }

    private func didStart(_ components: [String]) {
        started.formUnion(components)
        for subscriber in subscribers where components.contains(subscriber.component) {
            announce(subscriber.component, to: subscriber.pipe)
        }
    }

    private func announce(_ component: String, to pipe: Pipe) {
        guard let address = addresses[component] else { return }
        pipe.send(
            .routingInfo(RoutingInfo(component: component, replicas: [.init(id: component, address: address)])))
    }

    private func answer(_ message: WeaveletMessage, _ id: Int64, _ pipe: Pipe) {
        switch message {
        case .startComponent(let component):
            asked.withLock { $0.append(component) }
            let isRefused = refusals.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            if isRefused { return pipe.reply(to: id, .refused("not now")) }
            pipe.reply(to: id, .done)
            subscribers.append((component, pipe))
            if started.contains(component) { announce(component, to: pipe) }
        case .getAddress: pipe.reply(to: id, .address("127.0.0.1:0"))
        case .exportListener: pipe.reply(to: id, .listenerExported(proxyAddress: "127.0.0.1:80"))
        case .log(let entries, let lost):
            log.withLock { $0 += entries }
            dropped.withLock { $0 += Int(lost) }
        case .spans(let spans, _): spansTaken.withLock { $0 += spans }
        default: break
        }
    }

    struct EnvelopeRefusal: Error, CustomStringConvertible {
        let description: String
    }
}
