/// The lines on which the keys of a TOML document stand. TOMLKit says where a document does not parse, but not where
/// the keys of one that parses are.
///
/// A path is a key's parts from the root; an element of an array is its index: `["weaver", "colocate", "0"]`.
struct KeyLines: Equatable, Sendable {
    private var lines: [[String]: Int] = [:]

    /// Scans a document that TOMLKit has accepted. Of any other, the lines up to the first mistake are found.
    init(of text: String) {
        var scanner = KeyScanner(Array(text.utf8))
        scanner.scan()
        lines = scanner.lines
    }

    /// Whether the document has a key at `path`.
    func contains(_ path: [String]) -> Bool { lines[path] != nil }

    /// The line of the key at `path`, or of the nearest one around it; nil when there is none.
    func line(of path: [String]) -> Int? {
        var path = path[...]
        while !path.isEmpty {
            if let line = lines[Array(path)] { return line }
            path.removeLast()
        }
        return nil
    }
}

/// Walks over a document and notes where each key is named first.
private struct KeyScanner {
    private(set) var lines: [[String]: Int] = [:]
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    /// The table that the last header opened.
    private var table: [String] = []
    /// How many elements the arrays of tables have so far.
    private var elements: [[String]: Int] = [:]

    /// How deep arrays and inline tables are followed; TOMLKit refuses deeper ones.
    private static let depthLimit = 256

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func scan() {
        while true {
            skipBlank(newlines: true)
            guard let byte = current else { return }
            let complete = byte == UInt8(ascii: "[") ? header() : keyAndValue(in: table, depth: 0)
            guard complete else { return }
        }
    }

    // MARK: Statements

    private mutating func header() -> Bool {
        position += 1
        let isElement = current == UInt8(ascii: "[")
        if isElement { position += 1 }
        guard let parts = key() else { return false }
        // A header that leads through an array of tables means that array's last element.
        var path: [String] = []
        for (index, part) in parts.enumerated() {
            path.append(part)
            note(path)
            let isLast = index == parts.count - 1
            if isLast, isElement { elements[path, default: 0] += 1 }
            if let count = elements[path], !isLast || isElement {
                path.append("\(count - 1)")
                note(path)
            }
        }
        table = path
        return take("]") && (!isElement || take("]"))
    }

    private mutating func keyAndValue(in table: [String], depth: Int) -> Bool {
        guard let parts = key() else { return false }
        var path = table
        for part in parts {
            path.append(part)
            note(path)
        }
        guard take("=") else { return false }
        return value(at: path, depth: depth)
    }

    private mutating func note(_ path: [String]) {
        if lines[path] == nil { lines[path] = line }
    }

    // MARK: Keys

    /// A key with its dotted parts.
    private mutating func key() -> [String]? {
        var parts: [String] = []
        repeat {
            skipBlank(newlines: false)
            guard let part = keyPart() else { return nil }
            parts.append(part)
        } while take(".")
        return parts
    }

    private mutating func keyPart() -> String? {
        switch current {
        case UInt8(ascii: "\""): return quoted(UInt8(ascii: "\""))
        case UInt8(ascii: "'"): return quoted(UInt8(ascii: "'"))
        default:
            let start = position
            while let byte = current, Self.isBare(byte) { position += 1 }
            return position > start ? String(decoding: bytes[start..<position], as: UTF8.self) : nil
        }
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// A string of one line with its quotes.
    private mutating func quoted(_ quote: UInt8) -> String? {
        position += 1
        var text: [UInt8] = []
        while let byte = current, byte != UInt8(ascii: "\n") {
            position += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                guard let scalar = escaped() else { return nil }
                text += Array(String(scalar).utf8)
            } else {
                text.append(byte)
            }
        }
        return nil
    }

    /// What stands after a backslash.
    private mutating func escaped() -> Unicode.Scalar? {
        guard let byte = current else { return nil }
        position += 1
        switch byte {
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let end = position + (byte == UInt8(ascii: "u") ? 4 : 8)
            guard end <= bytes.count else { return nil }
            let digits = String(decoding: bytes[position..<end], as: UTF8.self)
            position = end
            return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
        default: return Unicode.Scalar(byte)
        }
    }

    // MARK: Values

    private mutating func value(at path: [String], depth: Int) -> Bool {
        guard depth < Self.depthLimit else { return false }
        skipBlank(newlines: false)
        switch current {
        case nil: return false
        case UInt8(ascii: "\""): return string(UInt8(ascii: "\""))
        case UInt8(ascii: "'"): return string(UInt8(ascii: "'"))
        case UInt8(ascii: "["): return array(at: path, depth: depth)
        case UInt8(ascii: "{"): return inlineTable(at: path, depth: depth)
        default:
            let ends = Array(",]}#\n".utf8)
            while let byte = current, !ends.contains(byte) { position += 1 }
            return true
        }
    }

    private mutating func array(at path: [String], depth: Int) -> Bool {
        position += 1
        var index = 0
        while true {
            skipBlank(newlines: true)
            if take("]") { return true }
            let element = path + ["\(index)"]
            note(element)
            guard value(at: element, depth: depth + 1) else { return false }
            index += 1
            skipBlank(newlines: true)
            if !take(","), current != UInt8(ascii: "]") { return false }
        }
    }

    private mutating func inlineTable(at path: [String], depth: Int) -> Bool {
        position += 1
        while true {
            skipBlank(newlines: true)
            if take("}") { return true }
            guard keyAndValue(in: path, depth: depth + 1) else { return false }
            skipBlank(newlines: true)
            if !take(","), current != UInt8(ascii: "}") { return false }
        }
    }

    /// A string of one or more lines; its content does not matter.
    private mutating func string(_ quote: UInt8) -> Bool {
        let isLong = bytes[position...].starts(with: [quote, quote, quote])
        guard isLong else { return quoted(quote) != nil }
        position += 3
        while let byte = current {
            if bytes[position...].starts(with: [quote, quote, quote]) {
                position += 3
                // Up to two quotes more belong to the string's end.
                while current == quote { position += 1 }
                return true
            }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") { position += 1 }
            if current == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
        return false
    }

    // MARK: Between

    /// Skips spaces, and where `newlines` says so also ends of lines and comments.
    private mutating func skipBlank(newlines: Bool) {
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): position += 1
            case UInt8(ascii: "\r") where newlines: position += 1
            case UInt8(ascii: "\n") where newlines:
                line += 1
                position += 1
            case UInt8(ascii: "#") where newlines:
                while current != nil, current != UInt8(ascii: "\n") { position += 1 }
            // A byte order mark begins the file.
            case 0xEF where newlines && position == 0: position += 3
            default: return
            }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipBlank(newlines: false)
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }
}
