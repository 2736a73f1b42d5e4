/// Cuts what a process prints into lines, with a bound on their length.
package struct LineSplitter {
    /// A longer line is cut, and goes on as the next one. In bytes.
    package static let maximumLength = 16 * 1024

    private var partial: [UInt8] = []

    package init() {}

    /// Takes bytes, from `start` on, and hands each line that is complete to `onLine`, without its end; bytes that are no
    /// UTF-8 are replaced. Ends after `maximumLines`; gives the number of the first byte that was not taken.
    @discardableResult
    package mutating func feed(
        _ bytes: RawSpan, from start: Int = 0, maximumLines: Int = .max, onLine: (String) -> Void
    ) -> Int {
        var lines = 0
        var index = start
        while index < bytes.byteCount, lines < maximumLines {
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            index += 1
            if byte == UInt8(ascii: "\n") {
                flush(onLine)
                lines += 1
            } else {
                if partial.count == Self.maximumLength {
                    cut(onLine)
                    lines += 1
                }
                partial.append(byte)
            }
        }
        return index
    }

    /// The process has closed its output: what is left is a line.
    package mutating func end(onLine: (String) -> Void) {
        if !partial.isEmpty { flush(onLine) }
    }

    private mutating func flush(_ onLine: (String) -> Void) {
        if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
        onLine(String(decoding: partial, as: UTF8.self))
        partial.removeAll(keepingCapacity: true)
    }

    /// Ends a line that is too long, not inside of a character.
    private mutating func cut(_ onLine: (String) -> Void) {
        let end = partial.count - partial.incompleteUTF8Suffix
        onLine(String(decoding: partial[..<end], as: UTF8.self))
        partial.removeSubrange(..<end)
    }
}

extension RandomAccessCollection<UInt8> {
    /// How many bytes at the end begin a character of UTF-8 that is not whole; 0 where it is, and where it is no UTF-8.
    package var incompleteUTF8Suffix: Int {
        for (length, byte) in suffix(4).reversed().enumerated() where byte & 0xC0 != 0x80 {
            let needed = byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            return length + 1 < needed ? length + 1 : 0
        }
        return 0
    }
}
