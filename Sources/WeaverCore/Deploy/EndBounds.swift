/// How long a process may take to end in order. One place for both sides: the process keeps these bounds, and the
/// deployer waits for as long as they allow before it kills.
package enum EndBounds {
    /// For what proxies have sent to a replica that has left them, and that it has not begun to answer, before the replica is
    /// told to drain. Past it the replica drains with what is still there. 10 s.
    package static let release = Duration.seconds(10)
    /// For what is in flight when a process drains: requests, calls, and `serve()` itself. 10 s.
    package static let drain = Duration.seconds(10)
    /// For calls that still run when components are stopped without a drain before. 1 s.
    package static let lastCalls = Duration.seconds(1)
    /// For the `stop()` of one component; components stop one after the other. 5 s.
    package static let stop = Duration.seconds(5)
    /// For components that are starting when the end begins. 1 s.
    package static let lastStarts = Duration.seconds(1)
    /// For the last log entries, and then for the rest of the pipe, each. 2 s.
    package static let flush = Duration.seconds(2)
    /// What the deployer adds: messages and the scheduler take time too. 1 s.
    package static let margin = Duration.seconds(1)

    /// How long the deployer waits for the answer to a drain.
    package static let answerToDrain = drain + margin

    /// How long the deployer waits for the end of a process that stops its `components` and exits.
    package static func shutdown(components: Int) -> Duration {
        lastCalls + lastStarts + stop * max(components, 1) + flush * 2 + margin
    }

    /// How long the deployer waits for the end of a process that drains, stops and exits by its own will.
    package static func leaving(components: Int) -> Duration { drain + shutdown(components: components) }
}
