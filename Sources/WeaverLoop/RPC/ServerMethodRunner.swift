internal import WeaverCore

/// A method of a component of this process, as tasks run it.
package final class ServerMethodRunner: Sendable {
    /// Where the method runs.
    let placement: CallPlacement
    /// Names it to the watchdog.
    let label: StallLabel?
    /// Runs every call that it is given, one after the other, and answers each before it asks for the next.
    let run: @Sendable (ServerCalls) async -> Void

    package init(placement: CallPlacement, label: StallLabel?, run: @escaping @Sendable (ServerCalls) async -> Void) {
        self.placement = placement
        self.label = label
        self.run = run
    }

    /// Runs one call in a task of its own on the pool.
    func runOnPool(_ call: ServerCall, loop: EventLoop) -> Task<Void, Never> {
        Task(executorPreference: globalConcurrentExecutor) { [self] in
            await CallContext.with(call.context.watched) { await run(ServerCalls(only: call, of: self)) }
            loop.execute { call.ended() }
        }
    }
}

/// The calls of one method that wait to be run, for the task that runs them.
public struct ServerCalls: Sendable {
    private let source: CallSource
    private let method: ServerMethodRunner

    init(_ source: CallSource, of method: ServerMethodRunner) {
        self.source = source
        self.method = method
    }

    /// One call, in whose context the task is already.
    package init(only call: ServerCall, of method: ServerMethodRunner) {
        self.init(OnlyCall(call), of: method)
    }

    /// The next call, whose context is the task's from here on; nil when this task is to take no more. To ask says that
    /// the call before it has ended.
    public func next() -> ServerCall? { source.next(of: method) }
}

/// Where a task gets its calls from.
class CallSource: @unchecked Sendable {
    // @unchecked: touched by the task that runs the calls only.

    /// See ``ServerCalls/next()``.
    func next(of method: ServerMethodRunner) -> ServerCall? { nil }
}

/// A call that was given to a task alone.
private final class OnlyCall: CallSource, @unchecked Sendable {
    private var call: ServerCall?

    init(_ call: ServerCall) {
        self.call = call
    }

    override func next(of method: ServerMethodRunner) -> ServerCall? { exchange(&call, with: nil) }
}
