internal import Tracing
internal import WeaverCore
internal import WeaverLoop

/// A component of this process as the RPC server sees it. What changes belongs to the loop's thread.
final class ServedComponent: Sendable {
    let name: String
    let methods: [ServedMethod]

    /// A component that has not started, and refuses calls.
    init(_ record: ImplementationRecord, tracer: WeaverTracer?) {
        name = record.component.name
        let load = record.isRouted ? ServedLoad(component: record.component.name) : nil
        methods = record.component.methods.map { ServedMethod($0, of: record, load, tracer) }
        self.load = load
    }

    private let load: ServedLoad?

    /// The component takes calls from here on. On the loop's thread.
    func start(_ stub: [ServerMethod]) {
        for (method, stub) in zip(methods, stub) { method.start(stub) }
    }

    /// Counts the calls by the slices of `assignment`. On the loop's thread.
    func assign(_ assignment: Assignment, now: MonotonicTime) { load?.calls.value.update(assignment, now: now) }

    /// What has been counted since the last time; nil where nothing is. On the loop's thread.
    func takeLoad(now: MonotonicTime) -> LoadReport? { load?.calls.value.report(now: now) }
}

/// Calls of a routed component. On the loop's thread.
final class ServedLoad: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only.
    let calls: LoopState<LoadRecorder>

    init(component: String) { calls = LoopState(LoadRecorder(component: component)) }
}

/// A method of a component of this process.
final class ServedMethod: @unchecked Sendable {
    // @unchecked: set once, when the component has started, and read for each call: on the loop's thread only.

    /// The component's name.
    let component: String
    private let placement: CallPlacement
    private let label: StallLabel
    private let load: ServedLoad?
    private let tracer: WeaverTracer?
    private let spanName: String
    private let started = LoopState(Started?.none)

    private struct Started {
        let stub: ServerMethod
        let runner: ServerMethodRunner
    }

    init(_ method: MethodInfo, of record: ImplementationRecord, _ load: ServedLoad?, _ tracer: WeaverTracer?) {
        component = record.component.name
        placement = record.runsOn == .pool ? .pool : .loop
        spanName = "\(record.component.name).\(method.name)"
        label = StallLabel.named(spanName)
        self.load = load
        self.tracer = tracer
    }

    func start(_ stub: ServerMethod) {
        let runner = ServerMethodRunner(placement: placement, label: label, run: stub.run)
        started.value = Started(stub: stub, runner: tracer?.other.map { carrying($0, to: runner, stub.run) } ?? runner)
    }

    /// What runs each call in the context that `other` makes of what has come with it, as a task-local value. The calls of programs
    /// that have no instrument of their own share one binding (see hot-path.md in docs/decisions).
    private func carrying(
        _ other: ForeignInstrument, to runner: ServerMethodRunner,
        _ run: @escaping @Sendable (ServerCalls) async -> Void
    ) -> ServerMethodRunner {
        ServerMethodRunner(placement: placement, label: label) { calls in
            while let call = calls.next() {
                await ServiceContext.withValue(other.serviceContext(of: call.context)) {
                    await run(ServerCalls(only: call, of: runner))
                }
            }
        }
    }

    /// Decodes a call's arguments. On the loop's thread.
    @inline(__always)
    func dispatch(_ arguments: inout WireDecoder, _ head: CallHead) throws(CallError) -> ServerCall {
        // Certainly not run, so that the caller may ask another replica.
        guard let accept = started.value?.stub.accept else {
            throw CallError(.unreachable, "\(component) has not started in this replica")
        }
        do throws(WireError) {
            let accepted = head.hasNoExtras ? try accept(&arguments, head) : try acceptTraced(&arguments, head, accept)
            accepted.call.method = started.value?.runner
            if let load, let key = accepted.routingKey { load.calls.value.add(key) }
            return accepted.call
        } catch {
            throw CallError(.badArguments, "the arguments cannot be read: \(error.message)", cause: error)
        }
    }

    /// The same for a call that may be of a trace that is recorded: then it has a span.
    @inline(never)
    private func acceptTraced(
        _ arguments: inout WireDecoder, _ head: CallHead,
        _ accept: (inout WireDecoder, CallHead) throws(WireError) -> RoutedCall
    ) throws(WireError) -> RoutedCall {
        guard let span = head.callContext.trace.flatMap({ tracer?.child(of: $0, spanName, .server) }) else {
            return try accept(&arguments, head)
        }
        let accepted = try accept(&arguments, head.with(trace: span.trace))
        accepted.call.observer = ServerSpan(span)
        return accepted
    }
}

/// Ends the span of an incoming call.
private final class ServerSpan: ServerCallObserver, @unchecked Sendable {
    // @unchecked: as the base; a span may be used from any thread.
    private let span: WeaverSpan

    init(_ span: WeaverSpan) { self.span = span }

    override func failed(_ error: any Error) { span.end(error: "\(error)") }

    override func ended(isCancelled: Bool) {
        span.end(error: isCancelled ? "the caller has given up, or the deadline has passed" : nil)
    }
}
