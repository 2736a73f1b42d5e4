import Testing

@testable import WeaverCore

struct Base64Tests {
    /// The vectors of RFC 4648 section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `the published vectors are encoded, and seen to be`(_ text: String, _ encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.encodes(encoded, byteCount: text.utf8.count))
        #expect(!Base64.encodes(encoded, byteCount: text.utf8.count + 1))
    }

    @Test(arguments: ["Zg=A", "Zg==\n", "Z===", "====", "Zg-_", "Zm9v", "Zg=", "Z\u{e9}=="])
    func `what encodes no single byte is seen`(_ text: String) {
        #expect(!Base64.encodes(text, byteCount: 1))
    }

    @Test func `every digit is there`() {
        #expect(Base64.encode([0xfb, 0xff, 0xbe, 0x00, 0x10, 0x83]) == "+/++ABCD")
    }
}
