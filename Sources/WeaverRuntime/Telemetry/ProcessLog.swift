internal import Synchronization
package import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The log of a process whatever becomes of its runtime: to the deployer while a weavelet runs, otherwise to standard error.
package final class ProcessLog: LogSink {
    private struct State {
        var attached: (any LogSink)?
        var standardError: TerminalSink?
    }

    private let state = Mutex(State())

    /// A log to standard error.
    package init() {}

    /// Everything goes to `sink` from here on; with nil, to standard error.
    package func attach(_ sink: (any LogSink)?) { state.withLock { $0.attached = sink } }

    package func write(_ entry: LogEntry) { sink?.write(entry) }

    package func flush(within bound: Duration) async { await sink?.flush(within: bound) }

    private var sink: (any LogSink)? {
        state.withLock { state in
            if let attached = state.attached { return attached }
            if state.standardError == nil { state.standardError = try? TerminalSink(descriptor: STDERR_FILENO) }
            return state.standardError
        }
    }
}
