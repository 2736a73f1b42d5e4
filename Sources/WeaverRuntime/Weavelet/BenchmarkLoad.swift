internal import WeaverCore
internal import WeaverLoop

/// What ``ServedLoad`` counts a routed call with, and as it keeps it, for the benchmarks. Belongs to one thread.
@_spi(Benchmarks) public final class BenchmarkLoad {
    private let load = LoopState(LoadRecorder(component: "Benchmark.Component"))
    private var now = MonotonicTime(nanoseconds: 0)

    /// Counts by so many slices, at least 1, whose borders are the multiples of 2^64 / `slices`, but for one in eight,
    /// which lies close behind its neighbour: as where a hot key was cut off.
    public init(slices: Int) {
        let width = UInt64.max / UInt64(slices)
        let starts = (0..<UInt64(slices)).map { $0 % 8 == 7 ? ($0 - 1) * width + 1 << 20 : $0 * width }
        if let assignment = Assignment(version: 1, slices: starts.map { KeySlice(start: $0, replicas: []) }) {
            load.value.update(assignment, now: now)
        }
    }

    /// Counts a call for each of the keys.
    @inline(never)
    public func add(_ keys: [UInt64]) {
        for key in keys { load.value.add(key) }
    }

    /// Makes a report of what was counted, and starts anew. Gives how many calls and how many slices it has.
    public func report() -> (calls: UInt64, slices: Int) {
        now = now + .seconds(5)
        guard let report = load.value.report(now: now) else { return (0, 0) }
        return (report.slices.reduce(0) { $0 + $1.calls }, report.slices.count)
    }
}
