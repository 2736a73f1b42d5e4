internal import WeaverCore

/// How an incoming call gets a task. The only place that knows: another model of workers replaces this file.
///
/// Each call has a task of its own. On the loop it starts at once, within the read callback, so that a method which does
/// not suspend is answered before the next frame is looked at.
enum CallRunner {
    /// Runs `work`, and then `ended` on the loop's thread. On the loop's thread.
    static func run(
        _ call: ServerCall, on placement: CallPlacement, loop: EventLoop,
        work: @escaping @Sendable (ServerCall) async -> Void, ended: @escaping @Sendable (ServerCall) -> Void
    ) {
        switch placement {
        case .loop:
            let task = Task.immediate(executorPreference: loop) {
                await runInContext(call, work)
                ended(call)
            }
            if !call.isAnswered { call.task = task }
        case .pool:
            call.task = Task(executorPreference: globalConcurrentExecutor) {
                await runInContext(call, work)
                loop.execute { ended(call) }
            }
        }
    }

    private static func runInContext(_ call: ServerCall, _ work: @Sendable (ServerCall) async -> Void) async {
        await CallContext.$current.withValue(call.context) {
            await work(call)
        }
    }
}
