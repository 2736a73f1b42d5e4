internal import TOMLKit

/// A value of a TOML document.
enum ConfigValue: Equatable, Sendable {
    case string(String)
    case integer(Int)
    case double(Double)
    case bool(Bool)
    /// A date, a time or both, in TOML's own writing.
    case moment(String)
    case array([ConfigValue])
    case table([String: ConfigValue])

    /// Parses a whole document.
    static func parse(_ text: String, file: String) throws(ConfigError) -> [String: ConfigValue] {
        do {
            return values(of: try TOMLTable(string: text))
        } catch let error as TOMLParseError {
            throw ConfigError(file: file, line: error.source.begin.line, message: error.description)
        } catch {
            throw ConfigError(file: file, line: nil, message: "\(error)")
        }
    }

    private static func values(of table: TOMLTable) -> [String: ConfigValue] {
        Dictionary(table.map { ($0.0, ConfigValue($0.1)) }, uniquingKeysWith: { first, _ in first })
    }

    private init(_ value: any TOMLValueConvertible) {
        self =
            switch value.type {
            case .table: .table(value.table.map(Self.values) ?? [:])
            case .array: .array(value.array?.map(ConfigValue.init) ?? [])
            case .string: .string(value.string ?? "")
            case .int: .integer(value.int ?? 0)
            case .double: .double(value.double ?? 0)
            case .bool: .bool(value.bool ?? false)
            case .date, .time, .dateTime: .moment(value.debugDescription)
            }
    }

    /// What the value is, in words.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .double: "a number"
        case .bool: "a boolean"
        case .moment: "a date or time"
        case .array: "an array"
        case .table: "a table"
        }
    }

    // MARK: Writing

    /// A document of these keys in sorted order, one a line. Reading it gives the same values.
    static func document(of table: [String: ConfigValue]) -> String {
        table.sorted { $0.key < $1.key }.map { "\(quoted($0.key)) = \($0.value.text)\n" }.joined()
    }

    private var text: String {
        switch self {
        case .string(let text): Self.quoted(text)
        case .integer(let value): "\(value)"
        case .double(let value): value.isNaN ? "nan" : "\(value)"
        case .bool(let value): "\(value)"
        case .moment(let text): text
        case .array(let values): "[\(values.map(\.text).joined(separator: ", "))]"
        case .table(let table):
            "{\(table.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)) = \($0.value.text)" }.joined(separator: ", "))}"
        }
    }

    /// A basic string, which is also a key.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\u{0}"..<"\u{20}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
