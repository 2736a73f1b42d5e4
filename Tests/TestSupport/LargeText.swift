extension String {
    /// Text of that many bytes. Not `String(repeating:count:)`, which appends character by character: seconds for what the
    /// limits of messages are tested with.
    package init(letter: UInt8 = UInt8(ascii: "x"), byteCount: Int) {
        self.init(decoding: [UInt8](repeating: letter, count: byteCount), as: UTF8.self)
    }
}
