import Testing

@testable import WeaverCore

@Suite struct SizeTextTests {
    @Test(arguments: [
        ("0", 0), ("512", 512), ("512B", 512), ("64KiB", 65536), ("10MiB", 10 << 20), ("1GiB", 1 << 30),
        ("999999999999", UInt64(999_999_999_999)),
    ])
    func `sizes are read in every unit`(text: String, bytes: UInt64) {
        #expect(SizeText.parse(text) == bytes)
    }

    @Test(arguments: [
        "", "KiB", "-1", "+1", "1 KiB", " 1", "1kib", "1K", "1KB", "1.5MiB", "1TiB", "1000000000000", "٣", "0x10",
        "999999999999GiB",
    ])
    func `what is no size is refused`(text: String) {
        #expect(SizeText.parse(text) == nil)
    }

    @Test(arguments: [(UInt64(0), "0"), (1, "1"), (1023, "1023"), (1024, "1KiB"), (1 << 20, "1MiB"), (1025, "1025")])
    func `what is written is read as the same`(bytes: UInt64, text: String) {
        #expect(SizeText.text(bytes) == text)
        #expect(SizeText.parse(text) == bytes)
    }
}
