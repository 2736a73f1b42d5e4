import Testing

@testable import WeaverCore

/// HAProxy's proxy-protocol.txt, section 2.
struct ProxyProtocolHeaderTests {
    private enum Verdict: Equatable {
        case incomplete
        case header(String?, Int)
        case fault(ProxyProtocolFault)
    }

    private func verdict(_ bytes: [UInt8], ends: [Int]) -> Verdict {
        for end in ends {
            do throws(ProxyProtocolFault) {
                let header = try unsafe ProxyProtocolHeader.parse(bytes.span.bytes.extracting(0..<end))
                if let header { return .header(header.source, header.byteCount) }
            } catch {
                return .fault(error)
            }
        }
        return .incomplete
    }

    /// The same however it is split.
    private func verdict(_ bytes: [UInt8]) -> Verdict {
        let whole = verdict(bytes, ends: [bytes.count])
        #expect(verdict(bytes, ends: Array(0...bytes.count)) == whole, "byte by byte")
        for split in 0...bytes.count {
            #expect(verdict(bytes, ends: [split, bytes.count]) == whole, "split at \(split)")
        }
        return whole
    }

    @Test(arguments: [
        ("PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n", "203.0.113.7"),
        ("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"),
        ("PROXY TCP6 2001:DB8:0::7 ::1 0 443\r\n", "2001:db8::7"),
        ("PROXY TCP6 ::ffff:203.0.113.7 ::1 1 1\r\n", "203.0.113.7"),
        ("PROXY UNKNOWN\r\n", nil), ("PROXY UNKNOWN ffff:f::1 ffff:f::1 65535 65535\r\n", nil),
    ])
    func lineNamesTheClient(_ line: String, _ source: String?) {
        #expect(verdict(Array((line + "GET /").utf8)) == .header(source, line.utf8.count))
    }

    @Test(arguments: [
        "PROXY\r\n", "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\r\n",
        "PROXY TCP4 1.2.3.4\n 1.2.3.4 1 2\r\n", "PROXY TCP4 1.2.3.4\0 1.2.3.4 1 2\r\n", "PROXY UNKNOWN\rX",
    ])
    func malformedLineIsRefused(_ line: String) {
        let expected: Verdict = .fault(line == "PROXY\r\n" ? .noHeader : .malformed)
        #expect(verdict(Array(line.utf8)) == expected)
    }

    @Test func lineOfExactlyTheLimitIsTaken() {
        func line(_ count: Int) -> [UInt8] {
            let start = "PROXY UNKNOWN "
            return Array((start + String(repeating: "x", count: count - start.utf8.count - 2) + "\r\n").utf8)
        }
        #expect(ProxyProtocolHeader.maximumLineBytes == 107)
        #expect(verdict(line(107)) == .header(nil, 107))
        #expect(verdict(line(108)) == .fault(.tooLong))
    }

    private func binary(
        _ command: UInt8, _ family: UInt8, _ content: [UInt8], length: Int? = nil
    ) -> [UInt8] {
        let count = length ?? content.count
        return Array("\r\n\r\n\0\r\nQUIT\n".utf8)
            + [command, family, UInt8(count >> 8), UInt8(count & 0xFF)] + content
    }

    private static let ipv4: [UInt8] = [203, 0, 113, 7, 192, 0, 2, 1, 0xDC, 4, 1, 0xBB]
    private static let ipv6: [UInt8] =
        [0x20, 1, 0xD, 0xB8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 9, count: 20)

    @Test func binaryHeaderNamesTheClientAndItsExtensionsAreSkipped() {
        #expect(verdict(binary(0x21, 0x11, Self.ipv4) + [1, 2]) == .header("203.0.113.7", 28))
        #expect(verdict(binary(0x21, 0x21, Self.ipv6)) == .header("2001:db8::7", 52))
        let extended = Self.ipv4 + [0x04, 0, 3, 1, 2, 3]
        #expect(verdict(binary(0x21, 0x11, extended) + [9]) == .header("203.0.113.7", 34))
    }

    @Test func binaryHeaderWithoutAClientLeavesThePeer() {
        #expect(verdict(binary(0x20, 0x00, [])) == .header(nil, 16))
        #expect(verdict(binary(0x20, 0x11, Self.ipv4)) == .header(nil, 28))
        #expect(verdict(binary(0x21, 0x00, [1, 2, 3])) == .header(nil, 19))
        #expect(verdict(binary(0x21, 0x12, Self.ipv4)) == .header(nil, 28))
        #expect(verdict(binary(0x21, 0x31, [UInt8](repeating: 0, count: 216))) == .header(nil, 232))
    }

    @Test func malformedBinaryHeaderIsRefused() {
        #expect(verdict(binary(0x11, 0x11, Self.ipv4)) == .fault(.malformed))
        #expect(verdict(binary(0x22, 0x11, Self.ipv4)) == .fault(.malformed))
        #expect(verdict(binary(0x21, 0x41, Self.ipv4)) == .fault(.malformed))
        #expect(verdict(binary(0x21, 0x13, Self.ipv4)) == .fault(.malformed))
        #expect(verdict(binary(0x21, 0x11, Array(Self.ipv4.dropLast()))) == .fault(.malformed))
        #expect(verdict(binary(0x21, 0x21, Array(Self.ipv6.dropLast()))) == .fault(.malformed))
        #expect(verdict(binary(0x21, 0x31, [UInt8](repeating: 0, count: 215))) == .fault(.malformed))
        #expect(verdict(Array("\r\n\r\n\0\r\nQUIT\r".utf8)) == .fault(.noHeader))
    }

    @Test func binaryHeaderOfExactlyTheLimitIsTaken() {
        let rest = ProxyProtocolHeader.maximumBytes - 16
        let fits = binary(0x21, 0x11, Self.ipv4 + [UInt8](repeating: 0, count: rest - 12))
        #expect(ProxyProtocolHeader.maximumBytes == 4096)
        #expect(verdict(fits, ends: [fits.count]) == .header("203.0.113.7", 4096))
        #expect(verdict(fits, ends: [fits.count - 1]) == .incomplete)
        #expect(verdict(binary(0x21, 0x11, [], length: rest + 1)) == .fault(.tooLong))
    }

    @Test(arguments: ["GET / HTTP/1.1\r\n", "POST", "\r\nGET", "\u{16}\u{3}", "PROXYING"])
    func whatHasNoHeaderIsNotGuessedAt(_ text: String) {
        #expect(verdict(Array(text.utf8)) == .fault(.noHeader))
    }

    @Test func addressesAreWrittenAsEverybodyWritesThem() throws {
        for (text, expected) in [
            ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("0:0:1::", "0:0:1::"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
            ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("0:0:1:2:3:4:0:0", "::1:2:3:4:0:0"),
            ("2001:0DB8::00ff", "2001:db8::ff"), ("::ffff:1.2.3.4", "1.2.3.4"), ("10.0.0.1", "10.0.0.1"),
        ] {
            #expect(IPAddress.text(try #require(IPAddress.parse(text[...]))) == expected)
        }
    }
}
