import Testing

@testable import WeaverCore

/// The assigner fed by what replicas really count: the recorder's sketches, not the truth.
@Suite struct RecordedLoadTests {
    /// Replicas that count the calls that they get, and an assigner that they report to.
    private struct Cluster {
        private(set) var assigner = Assigner()
        private var recorders: [String: LoadRecorder] = [:]
        private var now = MonotonicTime(nanoseconds: 0)
        private var random: SeededGenerator
        private let seed: UInt64
        private let keys: SkewedKeys

        init(replicas: Int, seed: UInt64) {
            self.seed = seed
            random = SeededGenerator(seed: seed)
            keys = SkewedKeys(seed: seed)
            let names = (0..<replicas).map { "r\($0)" }
            for name in names { recorders[name] = LoadRecorder(component: "C") }
            _ = assigner.setReplicas(names)
            tell()
        }

        private mutating func tell() {
            for name in recorders.keys { recorders[name]?.update(assigner.assignment, now: now) }
        }

        /// So many calls, counted where they go; then a report of each replica, and a round.
        mutating func round(calls: Int) {
            for _ in 0..<calls {
                let key = keys.call(random.next())
                if let owner = owner(of: key) { recorders[owner]?.add(key) }
            }
            now = now + .seconds(5)
            for name in recorders.keys.sorted() {
                guard let report = recorders[name]?.report(now: now) else { continue }
                #expect(report.problem == nil, "seed \(seed)")
                assigner.reported(by: name, report)
            }
            _ = assigner.round()
            tell()
        }

        private mutating func owner(of key: UInt64) -> String? {
            assigner.assignment.slice(for: key)?.replicas.randomElement(using: &random)
        }

        /// The busiest replica's calls as a multiple of the mean, of calls that nobody has counted yet.
        mutating func imbalance(calls: Int) -> Double {
            var counts: [String: Int] = [:]
            for _ in 0..<calls {
                let key = keys.call(random.next())
                if let owner = owner(of: key) { counts[owner, default: 0] += 1 }
            }
            return Double((counts.values.max() ?? 0) * recorders.count) / Double(calls)
        }
    }

    @Test(arguments: [2, 3, 8], 0..<6 as Range<UInt64>)
    func `what replicas count of a skewed load is enough to balance it within five rounds`(
        replicas: Int, seed: UInt64
    ) {
        var cluster = Cluster(replicas: replicas, seed: seed)
        for _ in 0..<5 { cluster.round(calls: 10_000 * replicas) }
        let imbalance = cluster.imbalance(calls: 100_000)
        #expect(imbalance <= 1.15, "seed \(seed): \(imbalance)")
    }
}
