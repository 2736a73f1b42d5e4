/// Text as JSON has it (RFC 8259 section 7), in ASCII.
enum JSONText {
    /// `text` in quotation marks.
    static func quoted(_ text: String) -> String {
        var bytes = [UInt8(ascii: "\"")]
        append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends `text` as it stands between quotation marks.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5C:
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(scalar.value))
            case 0x20..<0x7F: bytes.append(UInt8(scalar.value))
            default:
                for unit in UTF16.encode(scalar).map({ Array($0) }) ?? [] {
                    bytes.append(UInt8(ascii: "\\"))
                    bytes.append(UInt8(ascii: "u"))
                    appendHex(UInt32(unit), digits: 4, to: &bytes)
                }
            }
        }
    }

    /// Appends a number in hexadecimal digits.
    static func appendHex(_ value: UInt32, digits: Int, to bytes: inout [UInt8]) {
        for digit in (0..<digits).reversed() {
            bytes.append(HTTPCharacters.hexDigit(UInt8(truncatingIfNeeded: value >> UInt32(4 * digit)) & 0xF))
        }
    }
}
