import Foundation
import WeaverRuntime

/// What is overloaded.
@Component
protocol Busy: Sendable {
    /// Keeps the process's loop for that long.
    func work(microseconds: Int) async throws
    /// The bytes of the process that lie in memory.
    func residentBytes() async throws -> Int
}

@Implements(Busy.self)
struct BusyService: Busy {
    func work(microseconds: Int) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .microseconds(microseconds)
        while clock.now < end {}
    }

    func residentBytes() async throws -> Int { ResidentMemory.ofThisProcess }
}

/// Memory as the system counts it.
enum ResidentMemory {
    /// The bytes of this process that lie in memory; 0 where the system does not say.
    static var ofThisProcess: Int {
        let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
