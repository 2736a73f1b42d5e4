import Foundation
import Harness

/// What the numbers were measured on; part of every report.
struct Machine: Encodable {
    /// The processor's name, as the system has it.
    let processor: String
    /// How many cores the process may use.
    let cores: Int
    /// The system's name and version.
    let system: String
    /// The kernel's release; system calls are most of what a small call costs.
    let kernel: String
    /// When, as ISO 8601.
    let date: String
    /// Whether the benchmark was compiled with optimisation.
    let isOptimised: Bool

    /// This machine, now.
    static var current: Machine {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        return Machine(
            processor: model.flatMap { $0.split(separator: ":").last }.map { $0.trimmingCharacters(in: .whitespaces) }
                ?? "unknown",
            cores: Affinity.cores.isEmpty ? ProcessInfo.processInfo.activeProcessorCount : Affinity.cores.count,
            system: ProcessInfo.processInfo.operatingSystemVersionString, kernel: kernelRelease,
            date: Date.now.formatted(.iso8601),
            isOptimised: isOptimised)
    }

    private static var kernelRelease: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown" }
        return withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static var isOptimised: Bool {
        // Assertions are only evaluated without optimisation.
        var result = true
        assert(
            {
                result = false
                return true
            }())
        return result
    }

    /// One line for people.
    var line: String {
        "\(processor), \(cores) cores, \(system), kernel \(kernel), \(date)\(isOptimised ? "" : ", NOT OPTIMISED")"
    }
}
