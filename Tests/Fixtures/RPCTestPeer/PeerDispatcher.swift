internal import CTestMemory
internal import RPCTestProtocol
internal import Synchronization
internal import WeaverCore
internal import WeaverLoop

/// Answers the methods of ``PeerMethod``.
final class PeerDispatcher: RPCDispatcher {
    typealias Work = @Sendable (ServerCall) async -> Void

    private struct State {
        var server: RPCServer?
        var begun = 0
        var cancelled = 0
        var runs: [String: Int] = [:]
    }

    /// Makes the calls to other processes.
    let caller: PeerCaller
    private let loop: EventLoop
    private let options: PeerOptions
    private let state = Mutex(State())

    init(loop: EventLoop, options: PeerOptions) {
        self.loop = loop
        self.options = options
        caller = PeerCaller(loop: loop, options: options)
    }

    /// The server that is to be drained and looked at.
    func serve(_ server: RPCServer) {
        state.withLock { $0.server = server }
    }

    func dispatch(
        _ key: MethodKey, arguments: inout WireDecoder, head: CallHead
    ) throws(CallError) -> ServerCall {
        guard let method = PeerMethod.byKey[key] else { throw CallError(.unknownMethod, "no such method") }
        do throws(WireError) {
            let call = PeerCall(head, try work(of: method, &arguments))
            call.method = Self.runner
            return call
        } catch {
            throw CallError(.badArguments, error.message)
        }
    }

    private static let runner = ServerMethodRunner(placement: .loop, label: nil) { calls in
        while let call = calls.next() as? PeerCall { await call.work(call) }
    }

    /// What a call of `method` does; its arguments are read here.
    private func work(of method: PeerMethod, _ arguments: inout WireDecoder) throws(WireError) -> Work {
        switch method {
        case .echo:
            let bytes = try [UInt8](wire: &arguments)
            return { call in call.reply { wire throws(WireError) in try bytes.encode(wire: &wire) } }
        case .hang: return { [self] call in await hang(call) }
        case .spin: return { _ in while true {} }
        case .context:
            return { [loop] call in
                let context = PeerContext(.current, now: loop.now)
                call.reply { wire throws(WireError) in try context.encode(wire: &wire) }
            }
        case .relay:
            let route = try PeerRoute(wire: &arguments)
            return { [self] call in await relay(route, call) }
        case .run:
            let name = try String(wire: &arguments)
            return { [self] call in
                state.withLock { $0.runs[name, default: 0] += 1 }
                if options.hangs { await hang(call) } else { call.reply { _ in } }
            }
        case .runs:
            let name = try String(wire: &arguments)
            return { [self] call in
                let runs = state.withLock { $0.runs[name, default: 0] }
                call.reply { wire in wire.append(runs) }
            }
        case .work:
            let microseconds = try arguments.read(UInt64.self)
            return { [self] call in
                state.withLock { $0.begun += 1 }
                let end = loop.now.advanced(nanoseconds: microseconds * 1000)
                while loop.now < end {}
                call.reply { _ in }
            }
        case .pause:
            let milliseconds = try arguments.read(UInt64.self)
            return { [self] call in
                state.withLock { $0.begun += 1 }
                await answer(call) { try await Task.sleep(for: .milliseconds(milliseconds)) }
            }
        case .load:
            let load = try PeerLoad(wire: &arguments)
            return { [self] call in await answer(call) { try await caller.make(load) } }
        case .connect:
            let load = try PeerLoad(wire: &arguments)
            return { [self] call in await answer(call) { try await caller.connect(load) } }
        case .tree:
            let count = try PeerTree(wire: &arguments).count
            return { call in call.reply { wire in wire.append(count) } }
        case .drain:
            return { [self] call in
                let server = state.withLock { $0.server }
                Task { await server?.drain() }
                call.reply { _ in }
            }
        case .figures: return { [self] call in report(call) }
        }
    }

    private func answer(_ call: ServerCall, after body: () async throws -> Void) async {
        do {
            try await body()
            call.reply { _ in }
        } catch {
            call.fail(error)
        }
    }

    private func hang(_ call: ServerCall) async {
        state.withLock { $0.begun += 1 }
        await withTaskCancellationHandler {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        } onCancel: {
            state.withLock { $0.cancelled += 1 }
        }
    }

    private func report(_ call: ServerCall) {
        let (begun, cancelled, server) = state.withLock { ($0.begun, $0.cancelled, $0.server) }
        var figures = PeerFigures()
        figures.begun = begun
        figures.cancelled = cancelled
        figures.running = server?.callsRunning ?? 0
        figures.handles = loop.census.live
        figures.allocatedBytes = Int(test_allocated_bytes())
        figures.residentBytes = Int(test_resident_bytes())
        let told = figures
        call.reply { wire throws(WireError) in try told.encode(wire: &wire) }
    }

    private func relay(_ route: PeerRoute, _ call: ServerCall) async {
        let mine = PeerContext(.current, now: loop.now)
        do {
            let contexts = [mine] + (try await caller.relay(route))
            call.reply { wire throws(WireError) in try contexts.encode(wire: &wire) }
        } catch {
            call.fail(error)
        }
    }
}

/// A call with what it does.
private final class PeerCall: ServerCall, @unchecked Sendable {
    let work: PeerDispatcher.Work

    init(_ head: CallHead, _ work: @escaping PeerDispatcher.Work) {
        self.work = work
        super.init(head)
    }
}
