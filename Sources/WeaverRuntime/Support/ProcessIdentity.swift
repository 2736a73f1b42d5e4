#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Whether a process that was known before still exists. Its number alone does not say: numbers are given again.
package enum ProcessIdentity {
    /// When the process began, in ticks of the kernel since the machine did; nil when there is no such process, and on
    /// systems that do not say.
    package static func startTime(of pid: Int32) -> UInt64? {
        guard let bytes = try? SmallFile.read("/proc/\(pid)/stat", limit: 4096) else { return nil }
        // The program's name, in parentheses, may contain anything; the start is field 22 of proc(5), the first after
        // the name being field 3.
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    /// Whether the process that began at `startedAt` exists; without a time, any process of that number.
    package static func isAlive(_ pid: Int32, startedAt: UInt64?) -> Bool {
        guard pid > 0, kill(pid, 0) == 0 || errno == EPERM else { return false }
        guard let startedAt, let found = startTime(of: pid) else { return true }
        return startedAt == found
    }
}
