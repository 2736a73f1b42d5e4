import CAffinity
import Foundation

/// On which cores processes run. Only Linux can say so; elsewhere nothing is pinned.
enum Affinity {
    /// The cores that this process may use, before anything is pinned; empty where the system does not say.
    static let cores: [Int32] = {
        let mask = benchmark_cores()
        return (0..<64).filter { mask & (1 << UInt64($0)) != 0 }
    }()

    /// Lets all threads of the process run on `core` only, and those that they start.
    static func pin(_ process: Int32, to core: Int32) throws {
        for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task") {
            // A thread that has ended since needs no core.
            if let thread = Int32(thread) { _ = benchmark_pin(thread, core) }
        }
    }
}
