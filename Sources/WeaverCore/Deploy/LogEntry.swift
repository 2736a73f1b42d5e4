/// One line of a log, wherever it comes from.
package struct LogEntry: Equatable, OutgoingEntry {
    package enum Level: Int, Sendable, CaseIterable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// Microseconds since 1970.
    package var time: Int64
    package var level: Level
    package var component: String
    /// The replica's short id; empty for the deployer itself.
    package var replica: String
    package var file: String
    package var line: UInt32
    package var message: String
    package var attributes: [String: String]
    /// The id of the trace in which it was logged; 0 for none.
    package var trace: UInt128

    package init(
        time: Int64, level: Level, component: String, replica: String = "", file: String = "", line: UInt32 = 0,
        message: String, attributes: [String: String] = [:], trace: UInt128 = 0
    ) {
        self.trace = trace
        self.time = time
        self.level = level
        self.component = component
        self.replica = replica
        self.file = file
        self.line = line
        self.message = message
        self.attributes = attributes
    }

    /// The size to which an entry is cut before it travels, in bytes of text. 64 KiB.
    package static let maximumSize = 64 << 10
    /// What counts for an attribute and for an entry besides their text, so that many empty ones are not free.
    static let overhead = 64

    /// The bytes of the entry's text, and something for each part of it.
    package var size: Int {
        attributes.reduce(
            Self.overhead + component.utf8.count + replica.utf8.count + file.utf8.count + message.utf8.count
        ) { $0 + Self.overhead + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// The entry with at most ``maximumSize`` bytes: attributes that find no room are left out, in the order of their
    /// names, and the message is cut. Either is marked.
    package func cut() -> LogEntry {
        guard size > Self.maximumSize else { return self }
        var entry = self
        entry.component = component.cut(toUTF8: Self.maximumSize / 16)
        entry.replica = replica.cut(toUTF8: Self.maximumSize / 16)
        entry.file = file.cut(toUTF8: Self.maximumSize / 16)
        entry.attributes = [:]
        // The message comes first, but leaves the attributes a quarter.
        entry.message = message.cut(toUTF8: Self.maximumSize / 2)
        var room = Self.maximumSize - entry.size - Self.overhead * 2
        var leftOut = 0
        for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
            let cost = Self.overhead + name.utf8.count + value.utf8.count
            guard cost <= room else {
                leftOut += 1
                continue
            }
            room -= cost
            entry.attributes[name] = value
        }
        if leftOut > 0 { entry.attributes["weaver.cut"] = "\(leftOut) attributes were too large" }
        return entry
    }
}
