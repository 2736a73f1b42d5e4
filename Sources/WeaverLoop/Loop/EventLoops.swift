internal import WeaverCore

/// The loops of one process: a single one, or several that share its listeners and between which calls within the process
/// may go.
///
/// What is made once for the process (timers of components, the pipe) belongs to the first.
package struct EventLoops: Sendable {
    /// How many there may be. 64 is more than the cores of the machines that this is for.
    package static let counts = 1...64

    /// At least one.
    package let all: [EventLoop]

    /// Loops that were made before: `first` and the others.
    package init(_ first: EventLoop, _ others: [EventLoop] = []) { all = [first] + others }

    /// `count` loops, of which `first` is one; the others are made, and run until the process ends or they are stopped. One
    /// that cannot be made is an error, and leaves none behind.
    package init(_ first: EventLoop, count: Int) throws(UVError) {
        precondition(Self.counts.contains(count), "a process has \(Self.counts) loops")
        var others: [EventLoop] = []
        for number in 1..<count {
            do throws(UVError) {
                others.append(try EventLoop(name: "weaver-loop-\(number + 1)"))
            } catch {
                for loop in others { loop.stop() }
                throw error
            }
        }
        self.init(first, others)
    }

    /// The one that was there first.
    package var first: EventLoop { all[0] }

    /// The one that the caller runs on; the first for callers of other threads.
    @inline(__always)
    package var current: EventLoop {
        for loop in all where loop.isInLoop { return loop }
        return all[0]
    }
}
