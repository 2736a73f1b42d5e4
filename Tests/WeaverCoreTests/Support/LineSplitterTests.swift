import TestSupport
import Testing
import WeaverCore

@Suite struct LineSplitterTests {
    private func lines(_ pieces: [[UInt8]]) -> [String] {
        var splitter = LineSplitter()
        var lines: [String] = []
        for piece in pieces { unsafe splitter.feed(piece.span.bytes) { lines.append($0) } }
        splitter.end { lines.append($0) }
        return lines
    }

    private func lines(_ text: String) -> [String] { lines([Array(text.utf8)]) }

    @Test func `lines come out the same however the bytes are split`() throws {
        let text = "one\ntwo\r\n\n🍋 three\nrest"
        let expected = ["one", "two", "", "🍋 three", "rest"]
        #expect(try verifyCodec(Array(text.utf8), expected: expected) { lines($0) } == [])
    }

    @Test func `a line at the limit is whole, and one byte more goes on as the next one`() {
        let limit = LineSplitter.maximumLength
        let whole = String(repeating: "x", count: limit)
        #expect(lines(whole + "\nnext\n") == [whole, "next"])
        #expect(lines(whole + "y\nnext\n") == [whole, "y", "next"])
        #expect(lines(whole + whole + whole) == [whole, whole, whole])
    }

    @Test(arguments: 1...4)
    func `a line that is too long is not cut inside of a character`(distance: Int) {
        let start = String(repeating: "x", count: LineSplitter.maximumLength - distance)
        let lines = lines(start + "🍋é end\n")
        #expect(lines.joined() == start + "🍋é end")
        #expect(lines.count == 2)
    }

    @Test func `bytes that are no text are replaced and cut anywhere`() {
        #expect(lines([[0xFF, 0x41, 0x0A]]) == ["\u{fffd}A"])
        let nonsense = [UInt8](repeating: 0x80, count: LineSplitter.maximumLength + 1)
        #expect(lines([nonsense]).count == 2)
    }

    @Test func `no more lines than asked for are taken, and the rest is taken later`() {
        var splitter = LineSplitter()
        let bytes = Array("1\n2\n3\n4".utf8)
        var lines: [String] = []
        let taken = unsafe splitter.feed(bytes.span.bytes, maximumLines: 2) { lines.append($0) }
        #expect(taken == 4 && lines == ["1", "2"])
        let end = unsafe splitter.feed(bytes.span.bytes, from: taken, maximumLines: 2) { lines.append($0) }
        #expect(end == bytes.count && lines == ["1", "2", "3"])
        splitter.end { lines.append($0) }
        #expect(lines == ["1", "2", "3", "4"])
    }
}
