/// How processes are ended, as data: each step with the time that it gets before the next.
///
/// A deployment is ended in two stages. First `main`, so that no new work comes in and requests under way can still
/// use every other component; then all the others.
package struct Teardown: Equatable, Sendable {
    /// Which processes are ended now.
    package enum Stage: Equatable, Sendable { case main, others }

    package enum Step: Equatable, Sendable {
        /// It has left routing and proxies; each request that these have sent to it is answered, or the answer has begun. Only
        /// then is it told: a request that is on its way can not meet a listener or a connection that is being closed.
        case release
        /// Take no new work, finish what is in flight.
        case drain
        /// Stop the components, exit.
        case shutdown
        case terminate
        case kill
    }

    package struct Timed: Equatable, Sendable {
        package let step: Step
        /// How long until the next step.
        package let bound: Duration
    }

    /// How long a process that was sent SIGTERM has. 2 s.
    package static let terminateBound = Duration.seconds(2)
    /// How often the kill of a process that is still there is repeated. 1 s.
    package static let killInterval = Duration.seconds(1)

    /// Where the end of a process begins that another has replaced.
    package static let firstOfReplaced = 0
    /// Where the end of a process begins when the deployment stops: the proxies drain by themselves.
    package static let firstOfStopped = 1

    /// In order; the last one is repeated until the process is gone.
    package let steps: [Timed]

    /// The end of a process that hosts so many components: each gets the time for its `stop()`.
    package init(components: Int) {
        steps = [
            Timed(step: .release, bound: EndBounds.release),
            Timed(step: .drain, bound: EndBounds.answerToDrain),
            Timed(step: .shutdown, bound: EndBounds.shutdown(components: components)),
            Timed(step: .terminate, bound: Self.terminateBound),
            Timed(step: .kill, bound: Self.killInterval),
        ]
    }

    /// The step with that number; past the end it is the last one.
    package func step(_ number: Int) -> Timed { steps[min(number, steps.count - 1)] }
}

/// How far one process's end has come.
struct TeardownProgress: Sendable {
    var next: Int
    var deadline: MonotonicTime
    /// The listeners whose proxies have sent it something that it has not begun to answer.
    var unreleased: Set<String> = []
}
