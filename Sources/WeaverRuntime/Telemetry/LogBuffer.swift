package import WeaverCore

/// Log entries on their way to the deployer: bounded, because logging must neither block nor fill the memory when the
/// reader is slow. What finds no room is dropped, and counted.
package struct LogBuffer: Sendable {
    /// How many entries wait at most, 4096 by default.
    package static let defaultCapacity = 4096
    /// How many entries go into one message of the pipe.
    package static let batchSize = 256

    private let capacity: Int
    private var entries: [LogEntry] = []
    private var dropped: UInt64 = 0

    /// An empty buffer for at most `capacity` entries.
    package init(capacity: Int = LogBuffer.defaultCapacity) {
        self.capacity = capacity
    }

    /// Whether nothing waits to be sent, not even a count of dropped entries.
    package var isEmpty: Bool { entries.isEmpty && dropped == 0 }

    /// Takes `entry`, or counts it as dropped. True when it is the first that waits: whoever sends has to be told.
    package mutating func append(_ entry: LogEntry) -> Bool {
        let wasEmpty = isEmpty
        if entries.count < capacity {
            entries.append(entry)
        } else {
            dropped += 1
        }
        return wasEmpty
    }

    /// Gives the oldest entries, at most ``batchSize``, and how many were dropped since the last time.
    package mutating func take() -> (entries: [LogEntry], dropped: UInt64) {
        let batch = Array(entries.prefix(Self.batchSize))
        entries.removeFirst(batch.count)
        defer { dropped = 0 }
        return (batch, dropped)
    }
}
