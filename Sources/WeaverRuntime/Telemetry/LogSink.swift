package import WeaverCore

/// Where log entries go.
package protocol LogSink: Sendable {
    /// Takes an entry, from any thread.
    func write(_ entry: LogEntry)
    /// Returns when everything that was taken before has left the process, or `bound` has passed.
    func flush(within bound: Duration) async
}
