package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The log of a single process: one line for each entry on standard error, each written at once and whole.
package struct StandardErrorSink: LogSink {
    /// The sink.
    package init() {}

    package func write(_ entry: LogEntry) {
        let line = Array((LogLine.text(of: entry, secondsFromUTC: Self.secondsFromUTC(at: entry.time)) + "\n").utf8)
        unsafe line.withUnsafeBytes { bytes in
            var rest = unsafe bytes[...]
            while unsafe !rest.isEmpty {
                let count = unsafe posixWrite(STDERR_FILENO, UnsafeRawBufferPointer(rebasing: rest))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                unsafe rest = rest.dropFirst(count)
            }
        }
    }

    package func flush(within bound: Duration) async {}

    private static func secondsFromUTC(at microseconds: Int64) -> Int {
        var time = time_t(microseconds / 1_000_000)
        var local = unsafe tm()
        guard unsafe localtime_r(&time, &local) != nil else { return 0 }
        return unsafe local.tm_gmtoff
    }
}

/// write(2), which the sink's own method of that name hides.
private func posixWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    unsafe write(descriptor, bytes.baseAddress, bytes.count)
}
