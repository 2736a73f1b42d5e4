import Testing

@testable import WeaverCore

@Suite struct AccessLogEntryTests {
    private static var entry: AccessLogEntry {
        // 2026-11-26 01:42:11.000512 UTC
        var entry = AccessLogEntry(client: "203.0.113.7", time: 1_795_657_331_000_512)
        entry.method = Array("GET".utf8)
        entry.target = Array("/a?b=c".utf8)
        entry.userAgent = Array("curl/8.0".utf8)
        entry.status = 200
        entry.bodyBytes = 1234
        entry.isComplete = true
        entry.duration = 1_002_003_999
        entry.backend = "127.0.0.1:9001"
        entry.requestID = Array("a1b2".utf8)
        return entry
    }

    @Test func combinedIsWhatOthersRead() {
        #expect(
            Self.entry.line(.combined) == """
                203.0.113.7 - - [26/Nov/2026:01:42:11 +0000] "GET /a?b=c HTTP/1.1" 200 1234 "-" "curl/8.0" \
                1.002003 127.0.0.1:9001 a1b2\n
                """)
    }

    @Test func jsonIsOneObjectALine() {
        #expect(
            Self.entry.line(.json) == """
                {"time":"2026-11-26T01:42:11.000512Z","client":"203.0.113.7","method":"GET","target":"/a?b=c",\
                "version":"1.1","status":200,"bytes":1234,"complete":true,"seconds":1.002003,\
                "backend":"127.0.0.1:9001","request_id":"a1b2","user_agent":"curl/8.0"}\n
                """)
    }

    @Test func whatCouldNotBeReadIsShownAsNothing() {
        let entry = AccessLogEntry(client: "::1", time: 0)
        #expect(entry.line(.combined) == "::1 - - [01/Jan/1970:00:00:00 +0000] \"-\" 499 0 \"-\" \"-\" 0.000000 - -\n")
        #expect(
            entry.line(.json) == """
                {"time":"1970-01-01T00:00:00.000000Z","client":"::1","status":499,"bytes":0,"complete":false,\
                "seconds":0.000000}\n
                """)
    }

    @Test func aSocketsPathIsOneColumnAndOneJSONString() {
        var entry = Self.entry
        entry.backend = "unix:/run/a \"b\".sock"
        #expect(entry.line(.combined).hasSuffix(" 1.002003 unix:/run/a\\x20\\x22b\\x22.sock a1b2\n"))
        #expect(entry.line(.json).contains(#""backend":"unix:/run/a \"b\".sock""#))
    }

    @Test func aClientCannotWriteLinesQuotesOrTerminalSequences() {
        var entry = Self.entry
        entry.target = Array("/\"\\\n\r\u{1B}[2J\0\u{7F}é\u{202E}".utf8) + [0xFF, 0xC3]
        entry.userAgent = Array("x\" 200 1\n127.0.0.1 - - \"".utf8)
        let combined = entry.line(.combined)
        #expect(combined.contains(#""GET /\x22\x5c\x0a\x0d\x1b[2J\x00\x7f\xc3\xa9\xe2\x80\xae\xff\xc3 HTTP/1.1""#))
        #expect(combined.contains(#""x\x22 200 1\x0a127.0.0.1 - - \x22""#))
        let json = entry.line(.json)
        #expect(json.contains(##""target":"/\"\\\u000a\u000d\u001b[2J\u0000\u007f\u00e9\u202e\ufffd\ufffd""##))
        for line in [combined, json] {
            #expect(line.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x0A })
            #expect(line.utf8.count { $0 == 0x0A } == 1)
        }
    }

    @Test func everyByteInEveryFieldStaysInItsLine() {
        for byte in UInt8.min ... .max {
            var entry = Self.entry
            entry.target = [byte]
            entry.referer = [byte]
            entry.userAgent = [byte]
            entry.requestID = [byte]
            entry.method = [byte]
            for format in AccessLogFormat.allCases {
                let line = entry.line(format)
                #expect(line.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x0A })
                #expect(line.utf8.count { $0 == 0x0A } == 1)
            }
        }
    }

    @Test func aCharacterBeyondTheFirstPlaneIsAPairInJSON() {
        var entry = Self.entry
        entry.target = Array("/😀".utf8)
        #expect(entry.line(.json).contains(##""target":"/\ud83d\ude00""##))
    }

    @Test func aFieldIsCutPastItsLimit() {
        var entry = Self.entry
        entry.target = [UInt8](repeating: UInt8(ascii: "a"), count: AccessLogEntry.maximumFieldBytes)
        #expect(!entry.line(.combined).contains("..."))
        #expect(!entry.line(.json).contains("..."))
        entry.target.append(UInt8(ascii: "a"))
        #expect(entry.line(.combined).contains("a... HTTP"))
        #expect(entry.line(.json).contains("a...\""))
        #expect(entry.line(.combined).utf8.count < AccessLogEntry.maximumFieldBytes + 200)
    }
}
