internal import Synchronization
internal import WeaverCore
internal import WeaverRuntime

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The log of an application under test, with what its processes have printed, in the order of its arrival.
///
/// It is kept, not printed: up to ``maximumSize``, of which the oldest entries go first.
final class TestLog: LogSink {
    /// How many bytes of entries are kept. 4 MiB.
    static let maximumSize = 4 << 20
    /// How many lines an error shows. 20.
    static let linesInErrors = 20
    /// The environment variable that has everything printed at once, too.
    static let variable = "WEAVER_TEST_LOG"

    private struct State {
        var entries: [LogEntry] = []
        /// Where the oldest one is; those before it are gone.
        var first = 0
        var size = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private let maximumSize: Int
    private let printer = Terminal.logPrinter(for: -1)
    private let printsAtOnce: Bool

    /// An empty log.
    init(maximumSize: Int = TestLog.maximumSize, printsAtOnce: Bool = unsafe getenv(TestLog.variable) != nil) {
        self.maximumSize = maximumSize
        self.printsAtOnce = printsAtOnce
    }

    func write(_ entry: LogEntry) {
        if printsAtOnce { Terminal.put(printer.text(entry), to: STDERR_FILENO) }
        let entry = entry.cut()
        state.withLock { state in
            state.entries.append(entry)
            state.size += entry.size
            while state.size > maximumSize {
                state.size -= state.entries[state.first].size
                state.first += 1
                state.dropped += 1
            }
            guard state.first > state.entries.count / 2 else { return }
            state.entries.removeFirst(state.first)
            state.first = 0
        }
    }

    func flush(within bound: Duration) async {}

    /// Adds an entry of the runner's own.
    func note(_ level: LogEntry.Level, _ message: String) {
        write(LogEntry(time: WallClock.microseconds, level: level, component: "weaver", message: message))
    }

    /// The lines of what is kept, in the form of `weaver single deploy`; the first says how much is not.
    var lines: [String] {
        let (entries, dropped) = state.withLock { (Array($0.entries[$0.first...]), $0.dropped) }
        return (dropped > 0 ? ["\(dropped) entries before these are not kept"] : []) + entries.map(line)
    }

    /// The `count` lines that say why an application did not start: the last ones, or, when a process has crashed before
    /// them, those from its message on. The backtrace behind it is longer, and ends with registers and libraries.
    func end(_ count: Int) -> [String] {
        let entries = state.withLock { Array($0.entries[$0.first...]) }
        let crash = entries.lastIndex { $0.attributes["stream"] == "stderr" && $0.message.contains("Fatal error: ") }
        let last = max(0, entries.count - count)
        return entries[min(last, crash ?? last)...].prefix(count).map(line)
    }

    private func line(_ entry: LogEntry) -> String { String(printer.text(entry).dropLast()) }
}
