package import WeaverCore

/// Where a proxy writes a line for each request. What takes the lines must not block: they come on the loop's thread.
package struct AccessLog: Sendable {
    /// Microseconds since 1970.
    let wallClock: @Sendable () -> Int64
    /// Takes an entry.
    let write: @Sendable (AccessLogEntry) -> Void

    /// - Parameters:
    ///   - wallClock: microseconds since 1970.
    ///   - write: takes an entry; on the loop's thread, without blocking.
    package init(
        wallClock: @escaping @Sendable () -> Int64, write: @escaping @Sendable (AccessLogEntry) -> Void
    ) {
        self.wallClock = wallClock
        self.write = write
    }
}

/// The entry of a request that is under way; there is none while there is no log.
final class AccessRecord {
    var entry: AccessLogEntry

    init(_ entry: AccessLogEntry) { self.entry = entry }
}
