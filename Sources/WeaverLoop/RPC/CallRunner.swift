internal import WeaverCore

/// How an incoming call gets a task. The only place that knows: another model of workers replaces this file.
///
/// Each call has a task of its own. On the loop it starts at once, within the read callback, so that a method which does
/// not suspend is answered before the next frame is looked at.
enum CallRunner {
    /// Runs `work`, and then tells the connection, on the loop's thread, that the call has ended. On the loop's thread.
    static func run(
        _ call: ServerCall, on placement: CallPlacement, loop: EventLoop,
        work: @escaping @Sendable (ServerCall) async -> Void
    ) {
        switch placement {
        case .loop:
            let task = Task.immediate(executorPreference: loop) {
                await runInContext(call, work)
                call.ended()
            }
            if !call.isAnswered { call.task = task }
        case .pool:
            call.task = Task(executorPreference: globalConcurrentExecutor) {
                await runInContext(call, work)
                loop.execute { call.ended() }
            }
        }
    }

    private static func runInContext(_ call: ServerCall, _ work: @Sendable (ServerCall) async -> Void) async {
        // The connection answers and cancels the call at its deadline.
        await CallContext.$current.withValue(call.context.watched) {
            await work(call)
        }
    }
}
