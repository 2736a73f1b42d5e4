/// Cuts what a process prints into lines, with a bound on their length.
package struct LineSplitter {
    /// A longer line is cut, and goes on as the next one. In bytes.
    package static let maximumLength = 16 * 1024

    private var partial: [UInt8] = []

    package init() {}

    /// Takes bytes and hands each line that is complete to `onLine`, without its end; bytes that are no UTF-8 are
    /// replaced.
    package mutating func feed(_ bytes: RawSpan, onLine: (String) -> Void) {
        for index in 0..<bytes.byteCount {
            let byte = unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            if byte == UInt8(ascii: "\n") {
                flush(onLine)
            } else {
                if partial.count == Self.maximumLength { flush(onLine) }
                partial.append(byte)
            }
        }
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
}
