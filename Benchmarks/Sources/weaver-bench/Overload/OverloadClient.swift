import Synchronization
@_spi(Benchmarks) import WeaverRuntime

/// What a time of overload has given, in calls a second and bytes.
struct OverloadMeasurement: Encodable, Sendable {
    let offered: Double
    /// In time.
    let answered: Double
    let refused: Double
    /// Given up at their deadline.
    let late: Double
    let serverGrowth: Int
    let clientGrowth: Int
}

/// The side that calls more than it should.
struct OverloadClient {
    /// Calls at a time that keep the server busy.
    private static let lanes = 64
    /// How often new calls are made.
    private static let period = Duration.milliseconds(1)

    private let weavelet: BenchmarkWeavelet
    private let busy: any Busy

    /// A client of the server at `address`; it connects with the first call.
    init(address: String) throws {
        weavelet = try BenchmarkWeavelet(secret: WeaverPeer.secret)
        busy = try weavelet.remoteRef(to: BusyComponent.self, at: address, deadline: .seconds(30))
    }

    /// How many calls a second the server answers when some always wait.
    func most(_ microseconds: Int, for duration: Duration) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let calls = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<Self.lanes {
                group.addTask(executorPreference: weavelet.executor) {
                    var calls = 0
                    while clock.now - start < duration {
                        try await busy.work(microseconds: microseconds)
                        calls += 1
                    }
                    return calls
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(calls) / ((clock.now - start) / .seconds(1))
    }

    /// Makes `rate` calls a second, whatever becomes of them.
    func overload(
        _ microseconds: Int, rate: Double, deadline: Duration, for duration: Duration
    ) async throws -> OverloadMeasurement {
        let counts = OutcomeCounts()
        let clock = ContinuousClock()
        let start = clock.now
        var (issued, elapsed) = (0, Duration.zero)
        var memory: (server: Int, client: Int)?
        while elapsed < duration {
            let due = Int(rate * (elapsed / .seconds(1)))
            // No task group: what it does for the end of a child grows with the number of them.
            for _ in issued..<max(due, issued) {
                Task(executorPreference: weavelet.executor) {
                    await counts.count {
                        try await withCall(deadline: deadline) { try await busy.work(microseconds: microseconds) }
                    }
                }
            }
            issued = max(due, issued)
            if memory == nil, elapsed > .seconds(1) {
                memory = (try await busy.residentBytes(), ResidentMemory.ofThisProcess)
            }
            try await Task.sleep(for: Self.period)
            elapsed = clock.now - start
        }
        counts.isOver.store(true, ordering: .relaxed)
        let grown = (try await busy.residentBytes(), ResidentMemory.ofThisProcess)
        while counts.ended.load(ordering: .relaxed) < issued { try await Task.sleep(for: Self.period) }
        let seconds = elapsed / .seconds(1)
        func perSecond(_ count: borrowing Atomic<Int>) -> Double { Double(count.load(ordering: .relaxed)) / seconds }
        return OverloadMeasurement(
            offered: Double(issued) / seconds, answered: perSecond(counts.answered), refused: perSecond(counts.refused),
            late: perSecond(counts.late), serverGrowth: grown.0 - (memory?.server ?? 0),
            clientGrowth: grown.1 - (memory?.client ?? 0))
    }
}

/// What became of calls, until the time is over: what is answered afterwards was not done in that time.
private final class OutcomeCounts: Sendable {
    let answered = Atomic(0)
    let refused = Atomic(0)
    let late = Atomic(0)
    /// All of them, and those after the end of the time.
    let ended = Atomic(0)
    let isOver = Atomic(false)

    func count(_ call: () async throws -> Void) async {
        defer { ended.add(1, ordering: .relaxed) }
        do {
            try await call()
            add(to: answered)
        } catch let error as CallError where error.code == .overloaded {
            add(to: refused)
        } catch {
            add(to: late)
        }
    }

    private func add(to count: borrowing Atomic<Int>) {
        if !isOver.load(ordering: .relaxed) { count.add(1, ordering: .relaxed) }
    }
}
