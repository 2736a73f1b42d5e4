/// What Swift's concurrency sees: the loop as the executor of tasks that prefer it and of actors that live on it.
extension EventLoop: SerialExecutor, TaskExecutor {
    /// Takes a job of a task or an actor; from any thread.
    package func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    /// The loop as an actor's executor.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// The loop as a task's preferred executor.
    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// Traps when the caller does not run on the loop's thread.
    package func checkIsolated() {
        preconditionInLoop("code isolated to the event loop")
    }

    /// Whether the caller runs on the loop's thread.
    package func isIsolatingCurrentContext() -> Bool? { isInLoop }
}
