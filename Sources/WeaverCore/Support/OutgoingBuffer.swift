/// What goes from a process to its deployer entry by entry: log entries and spans.
package protocol OutgoingEntry: Sendable {
    /// The bytes of its text, and something for each part of it.
    var size: Int { get }
    /// The entry within the bounds of its kind; what was left out is marked.
    func cut() -> Self
}

/// Entries on their way to the deployer: bounded in number and in bytes, because telemetry must neither block nor fill the
/// memory when the reader is slow. An entry that is too large is cut; what finds no room is dropped, and counted.
package struct OutgoingBuffer<Entry: OutgoingEntry>: Sendable {
    /// The bounds, and their defaults.
    package struct Limits: Sendable {
        /// How many entries wait at most. 4096.
        package var entries = 4096
        /// How many bytes wait at most, as ``OutgoingEntry/size`` counts them. 4 MiB.
        package var bytes = 4 << 20
        /// How many entries go into one message of the pipe. 256.
        package var batchEntries = 256
        /// How many bytes go into one message of the pipe, unless a single entry has more. 512 KiB.
        package var batchBytes = 512 << 10

        package init() {}
    }

    private let limits: Limits
    private var entries: [Entry] = []
    private var byteCount = 0
    private var dropped: UInt64 = 0

    /// An empty buffer.
    package init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether nothing waits to be sent, not even a count of dropped entries.
    package var isEmpty: Bool { entries.isEmpty && dropped == 0 }

    /// Takes `entry`, or counts it as dropped. True when it is the first that waits: whoever sends has to be told.
    package mutating func append(_ entry: Entry) -> Bool {
        let wasEmpty = isEmpty
        let entry = entry.cut()
        let size = entry.size
        if entries.count < limits.entries, byteCount + size <= limits.bytes {
            entries.append(entry)
            byteCount += size
        } else {
            dropped += 1
        }
        return wasEmpty
    }

    /// Gives the oldest entries, as many as a batch takes, and how many were dropped since the last time.
    package mutating func take() -> (entries: [Entry], dropped: UInt64) {
        var count = 0
        var size = 0
        for entry in entries.prefix(limits.batchEntries) {
            guard count == 0 || size + entry.size <= limits.batchBytes else { break }
            count += 1
            size += entry.size
        }
        let batch = Array(entries.prefix(count))
        entries.removeFirst(count)
        byteCount -= size
        defer { dropped = 0 }
        return (batch, dropped)
    }
}
