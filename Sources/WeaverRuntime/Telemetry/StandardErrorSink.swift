package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The log of a single process: its entries on standard error, each written at once and whole.
package struct StandardErrorSink: LogSink {
    private let printer = Terminal.logPrinter(for: STDERR_FILENO)

    /// The sink.
    package init() {}

    package func write(_ entry: LogEntry) {
        Terminal.put(printer.text(entry), to: STDERR_FILENO)
    }

    package func flush(within bound: Duration) async {}
}
