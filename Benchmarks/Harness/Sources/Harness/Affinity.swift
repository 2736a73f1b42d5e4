import CAffinity

/// On which cores processes run. Only Linux can say so; elsewhere nothing is pinned.
public enum Affinity {
    /// The cores that this process may use; empty where the system does not say.
    public static let cores: [Int32] = {
        let mask = benchmark_cores()
        return (0..<64).filter { mask & (1 << UInt64($0)) != 0 }
    }()

    /// Calls `body` with the calling thread on `core` only, which processes that it starts inherit; on any where that
    /// is nil.
    public static func onCore<Result>(_ core: Int32?, _ body: () throws -> Result) rethrows -> Result {
        guard let core else { return try body() }
        let before = benchmark_cores()
        _ = benchmark_run_on(1 << UInt64(core))
        defer { _ = benchmark_run_on(before) }
        return try body()
    }
}
