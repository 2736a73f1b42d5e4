import NIOCore

/// Runs tasks on an event loop. NIO offers executors for actors only, so this is part of what one writes by hand.
///
/// Jobs that come from the loop's own thread wait in a queue, which one turn of the loop empties; what they have written
/// is flushed after that, once.
final class LoopExecutor: TaskExecutor, @unchecked Sendable {  // All that can change is the loop's.
    let loop: any EventLoop
    /// Called on the loop when there are no more jobs.
    var onIdle: () -> Void = {}
    private var jobs: [UnownedJob] = []
    private var isScheduled = false

    init(loop: any EventLoop) {
        self.loop = loop
        jobs.reserveCapacity(1024)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if loop.inEventLoop { add(job) } else { loop.execute { self.add(job) } }
    }

    private func add(_ job: UnownedJob) {
        jobs.append(job)
        guard !isScheduled else { return }
        isScheduled = true
        loop.execute(run)
    }

    private func run() {
        var next = 0
        while next < jobs.count {
            jobs[next].runSynchronously(on: asUnownedTaskExecutor())
            next += 1
        }
        jobs.removeAll(keepingCapacity: true)
        isScheduled = false
        onIdle()
    }
}
