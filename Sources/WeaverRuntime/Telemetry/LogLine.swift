package import WeaverCore

/// A log entry as a line for people.
package enum LogLine {
    /// `12:30:05.123456 info    Products 3f2a9c01 Products.swift:12 | text key=value`, without colours and line end.
    ///
    /// Line ends within the message stay: they are the application's own.
    package static func text(of entry: LogEntry, secondsFromUTC: Int) -> String {
        var line = "\(clock(entry.time, secondsFromUTC)) \(padded("\(entry.level)", to: 8)) \(entry.component)"
        if !entry.replica.isEmpty { line += " \(entry.replica)" }
        if !entry.file.isEmpty { line += " \(entry.file.split(separator: "/").last ?? ""):\(entry.line)" }
        line += " | \(entry.message)"
        for (key, value) in entry.attributes.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(quoted(value))" }
        return line
    }

    private static func clock(_ microseconds: Int64, _ secondsFromUTC: Int) -> String {
        let day: Int64 = 86_400_000_000
        let local = microseconds + Int64(secondsFromUTC) * 1_000_000
        let time = ((local % day) + day) % day
        let seconds = time / 1_000_000
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { digits($0, 2) }
        return "\(parts.joined(separator: ":")).\(digits(time % 1_000_000, 6))"
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.utf8.count))
    }

    private static func quoted(_ value: String) -> String {
        value.utf8.contains { $0 <= 0x20 || $0 == 0x22 } || value.isEmpty ? "\"\(escaped(value))\"" : value
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
