extension String {
    /// The text with at most `limit` bytes of UTF-8, and a mark where it was cut.
    func cut(toUTF8 limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let mark = "… (cut, \(utf8.count) bytes)"
        let kept = utf8.prefix(max(0, limit - mark.utf8.count))
        return String(decoding: kept.dropLast(Array(kept.suffix(4)).incompleteUTF8Suffix), as: UTF8.self) + mark
    }
}
