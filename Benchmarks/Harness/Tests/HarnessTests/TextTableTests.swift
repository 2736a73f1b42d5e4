import Testing

@testable import Harness

@Suite struct TextTableTests {
    @Test func `columns line up, and a short row is filled`() {
        let text = TextTable.text(columns: ["peer", "µs"], rows: [["libuv", "0.10"], ["nio"], ["a", "123.45"]])
        #expect(
            text == """
                | peer  |     µs |
                |-------|-------:|
                | libuv |   0.10 |
                | nio   |        |
                | a     | 123.45 |
                """)
    }

    @Test(arguments: [(64, "64 B"), (1023, "1023 B"), (65536, "64 KiB"), (1 << 20, "1 MiB"), (1025 << 10, "1025 KiB")])
    func `sizes are said in the largest whole unit`(bytes: Int, text: String) {
        #expect(Shape.text(bytes: bytes) == text)
    }
}
