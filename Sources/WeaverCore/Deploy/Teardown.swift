/// How processes are ended, as data: each step with the time that it gets before the next.
///
/// A deployment is ended in two stages. First `main`, so that no new work comes in and requests under way can still
/// use every other component; then all the others.
package struct Teardown: Equatable, Sendable {
    /// Which processes are ended now.
    package enum Stage: Equatable, Sendable { case main, others }

    package enum Step: Equatable, Sendable {
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

    /// In order; the last one is repeated until the process is gone.
    package var steps: [Timed] = [
        Timed(step: .drain, bound: .seconds(10)),
        Timed(step: .shutdown, bound: .seconds(10)),
        Timed(step: .terminate, bound: .seconds(2)),
        Timed(step: .kill, bound: .seconds(1)),
    ]

    package init() {}
}

/// How far one process's end has come.
struct TeardownProgress: Sendable {
    var next = 0
    var deadline: MonotonicTime
}
