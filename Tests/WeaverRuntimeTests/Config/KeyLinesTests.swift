import Testing

@testable import WeaverRuntime

@Suite struct KeyLinesTests {
    private static let document = """
        # comment with [header] and key = 1
        top.dotted."quoted key" = 1   # a = 2

        [a]
        text = \"""
        [not.a.header]
        nor = "a key" \\\"""
        \"""
        raw = '''
        x = 1''''
        list = [ # first
          1, "]",
          { in = 1, "li\\u006Ee" = [2] },
        ]
        after = 1
        [ a . 'b' ]
        c = "# no comment"
        [[rows]]
        x = 1
        [rows.inner]
        y = 1
        [[rows]]
        x = 2
        """

    @Test(arguments: [
        (["top"], 2), (["top", "dotted", "quoted key"], 2), (["a"], 4), (["a", "text"], 5), (["a", "raw"], 9),
        (["a", "list"], 11), (["a", "list", "0"], 12), (["a", "list", "1"], 12), (["a", "list", "2", "in"], 13),
        (["a", "list", "2", "line", "0"], 13), (["a", "after"], 15), (["a", "b"], 16), (["a", "b", "c"], 17),
        (["rows", "0", "x"], 19), (["rows", "0", "inner", "y"], 21), (["rows", "1"], 22), (["rows", "1", "x"], 23),
        (["a", "list", "9"], 11), (["a", "nor"], 4),
    ])
    func `each key has the line on which it is named first`(path: [String], line: Int) throws {
        _ = try ConfigValue.parse(Self.document, file: "")
        #expect(KeyLines(of: Self.document).line(of: path) == line)
    }

    @Test func `a key that is nowhere has no line`() {
        #expect(KeyLines(of: Self.document).line(of: ["not", "a", "header"]) == nil)
        #expect(KeyLines(of: Self.document).line(of: []) == nil)
    }

    @Test func `carriage returns and a byte order mark do not move the lines`() {
        #expect(KeyLines(of: "\u{FEFF}a = 1\r\n\r\n[b]\r\nc = 1").line(of: ["b", "c"]) == 4)
        #expect(KeyLines(of: "\u{FEFF}a = 1").line(of: ["a"]) == 1)
    }

    @Test func `a document that is cut anywhere does no harm`() {
        let bytes = Array(Self.document.utf8)
        for end in bytes.indices {
            let lines = KeyLines(of: String(decoding: bytes[..<end], as: UTF8.self))
            #expect((lines.line(of: ["top"]) ?? 2) == 2)
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(KeyLines(of: "a = " + deep).line(of: ["a"]) == 1)
    }
}
