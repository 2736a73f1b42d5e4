/// Turns a log entry into a line for people:
///
///     I1231 19:00:00.000042 Lemon.Categories     f74f7512 CategoryService.swift:24 │ created id="7" name="Fruit"
///
/// That is the level's letter, month and day, the time of day, the component, the replica's short id, the place in the
/// source, and after the bar what was said, with its attributes by name and, inside of a trace, `trace=` and its id. A message
/// of several lines goes on below, under the bar.
package struct LogPrinter: Sendable {
    /// The width that the component's name is padded to.
    package static let componentWidth = 20
    /// The width that the place in the source is padded to.
    package static let sourceWidth = 20
    /// How much of a replica's id is shown.
    package static let replicaWidth = 8

    /// How much east of UTC the reader's clock is, in seconds, at a time in seconds since 1970.
    package var utcOffset: @Sendable (Int64) -> Int64
    /// With colour, the lines of a replica have the colour of that replica.
    package var style: TextStyle

    /// A printer for a reader whose clock is `utcOffset` seconds east of UTC at a time in seconds since 1970.
    package init(style: TextStyle, utcOffset: @escaping @Sendable (Int64) -> Int64) {
        self.utcOffset = utcOffset
        self.style = style
    }

    /// The entry's text, ended by a newline.
    package func text(_ entry: LogEntry) -> String {
        // A replica says all of this itself, so none of it may move the cursor.
        let replica = Self.printable(String(entry.replica.prefix(Self.replicaWidth)), newline: " ")
        let file = entry.file.split(separator: "/").last.map { Self.printable(String($0), newline: " ") }
        let source = file.map { "\($0):\(entry.line)" } ?? ""
        let time = timestamp(entry.time)
        let component = Self.printable(entry.component, newline: " ").padded(to: Self.componentWidth)
        let place = source.padded(to: Self.sourceWidth)
        let width = 1 + time.count + component.count + Self.replicaWidth + place.count + 4

        var text = levelLetter(entry.level) + style.dim(time) + " "
        text += style.colored(component + " " + replica.padded(to: Self.replicaWidth), by: entry.replica)
        text += " " + style.dim(place) + " │ "
        let indent = "\n" + String(repeating: " ", count: width) + "│ "
        text += Self.printable(entry.message, newline: indent)
        for (name, value) in entry.attributes.sorted(by: { $0.key < $1.key }) {
            text += " " + style.dim(Self.printable(name, newline: " ") + "=") + Self.quoted(value)
        }
        if entry.trace != 0 { text += " " + style.dim("trace=" + TraceContext.hex(entry.trace, digits: 32)) }
        return text + "\n"
    }

    private func levelLetter(_ level: LogEntry.Level) -> String {
        switch level {
        case .trace: "T"
        case .debug: "D"
        case .info: "I"
        case .notice: "N"
        case .warning: style.yellow("W")
        case .error: style.red("E")
        case .critical: style.red("C")
        }
    }

    /// `1231 19:00:00.000042`: month, day and the time of day of a time in microseconds since 1970.
    private func timestamp(_ microseconds: Int64) -> String {
        let (seconds, fraction) = microseconds.flooredDivision(by: 1_000_000)
        let (days, time) = (seconds + utcOffset(seconds)).flooredDivision(by: 86_400)
        let date = CivilDate(daysSince1970: days)
        let clock = [time / 3600, time / 60 % 60, time % 60].map { Self.digits($0, 2) }.joined(separator: ":")
        return Self.digits(date.month, 2) + Self.digits(date.day, 2) + " " + clock + "." + Self.digits(fraction, 6)
    }

    private static func digits(_ value: Int64, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    /// The text without control characters, which could move the cursor or hide other lines. Colours that the
    /// application wrote are lost with them.
    private static func printable(_ text: String, newline: String) -> String {
        // Most text has none, and a scalar at a time is slow. C2 begins the controls from U+0080 on.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 != 0xc2 }) { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += newline
            case "\t": result.unicodeScalars.append(scalar)
            case "\r": break
            case _ where scalar.isControl: result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The value in quotation marks, on one line.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.isControl: result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension Unicode.Scalar {
    fileprivate var isControl: Bool { value < 0x20 || (0x7f...0x9f).contains(value) }
}

extension Int64 {
    /// The quotient rounded down, and a remainder that is never negative.
    fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
