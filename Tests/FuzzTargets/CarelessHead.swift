/// A head as a careless reader takes it: lines end with LF, names lose the blanks around them. It knows nothing
/// of the strict parser: where the two read different framings, so would two programs in a chain.
struct CarelessHead {
    private let mapsUnderscores: Bool
    private(set) var lengths: [String] = []
    private(set) var codings: [String] = []
    private(set) var hosts = 0
    /// Bytes up to and with the first empty line; nil when there is none.
    private(set) var byteCount: Int?

    /// - Parameter mapsUnderscores: "_" in a name is "-", as it is where requests become variables (CGI).
    init(_ bytes: ArraySlice<UInt8>, mapsUnderscores: Bool) {
        self.mapsUnderscores = mapsUnderscores
        var start = bytes.startIndex
        var isFirst = true
        while let end = bytes[start...].firstIndex(of: 0x0A) {
            let line = Self.trim(bytes[start..<end])
            start = end + 1
            if line.isEmpty {
                byteCount = start - bytes.startIndex
                return
            }
            if !isFirst { take(line) }
            isFirst = false
        }
    }

    private mutating func take(_ line: ArraySlice<UInt8>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let name = String(decoding: Self.trim(line[..<colon]), as: UTF8.self).lowercased()
        let value = String(decoding: Self.trim(line[(colon + 1)...]), as: UTF8.self).lowercased()
        switch mapsUnderscores ? String(name.map { $0 == "_" ? "-" : $0 }) : name {
        case "content-length": lengths.append(value)
        case "transfer-encoding": codings.append(value)
        case "host": hosts += 1
        default: break
        }
    }

    private static func trim(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let rest = bytes.drop { $0 <= 0x20 }
        return rest.prefix((rest.lastIndex { $0 > 0x20 } ?? rest.startIndex - 1) + 1 - rest.startIndex)
    }
}
