/// The character classes of RFC 9110 section 5 and RFC 3986, as bit masks: no table, no lazy global.
package enum HTTPCharacters {
    /// Is `byte` in the class whose members below 64 are in `low` and whose members from 64 to 127 are in `high`?
    @inline(__always)
    private static func contains(_ byte: UInt8, low: UInt64, high: UInt64) -> Bool {
        let mask = byte < 64 ? low : high
        return byte < 128 && (mask >> UInt64(byte & 63)) & 1 == 1
    }

    /// tchar (RFC 9110 section 5.6.2): what methods and field names are made of.
    @inline(__always)
    package static func isToken(_ byte: UInt8) -> Bool {
        // ! # $ % & ' * + - . 0-9 | A-Z ^ _ ` a-z | ~
        contains(byte, low: 0x03FF_6CFA_0000_0000, high: 0x57FF_FFFF_C7FF_FFFE)
    }

    /// A byte of a request target: visible ASCII but "#", which no request target may have (RFC 9112 section 3.2).
    @inline(__always)
    package static func isTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
    }

    /// unreserved and sub-delims of RFC 3986, without the comma: a Host that a list reader would take for two.
    @inline(__always)
    package static func isRegisteredName(_ byte: UInt8) -> Bool {
        // ! $ & ' ( ) * + - . 0-9 ; = | A-Z _ a-z ~
        contains(byte, low: 0x2BFF_6FD2_0000_0000, high: 0x47FF_FFFE_87FF_FFFE)
    }

    /// Space or tab.
    @inline(__always)
    package static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    /// 0 to 9.
    @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool {
        byte &- 0x30 < 10
    }

    /// `byte` in lower case when it is a letter of ASCII.
    @inline(__always)
    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    /// The hexadecimal digit of a value below 16.
    @inline(__always)
    package static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// The value of a hexadecimal digit, nil for another byte.
    @inline(__always)
    package static func hexValue(_ byte: UInt8) -> UInt8? {
        let digit = byte &- 0x30
        if digit < 10 { return digit }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }
}

extension RawSpan {
    /// One byte, bounds checked.
    @inline(__always)
    package func byte(_ offset: Int) -> UInt8 {
        // Any bit pattern is a UInt8, and the offset is checked: safe, though the operation cannot know it.
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The offset of the first control character (below 0x20, or 0x7F) in `range`, its end when there is none.
    ///
    /// Eight bytes at a time: this is the only loop that looks at every byte of a head.
    @inline(__always)
    package func firstControl(in range: Range<Int>) -> Int {
        // Once, and not for each load.
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount)
        var offset = range.lowerBound
        while offset &+ 8 <= range.upperBound {
            let word = unsafe UInt64(
                littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
            // A byte below 0x20 borrows into its own top bit; a byte equal to 0x7F becomes zero and borrows too.
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let deleted = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let hits = (below | ((deleted &- 0x0101_0101_0101_0101) & ~deleted)) & 0x8080_8080_8080_8080
            if hits != 0 {
                // The lowest hit is exact: borrows only disturb bytes above one that hit.
                return offset &+ hits.trailingZeroBitCount / 8
            }
            offset &+= 8
        }
        while offset < range.upperBound {
            let byte = unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
            if byte < 0x20 || byte == 0x7F { return offset }
            offset &+= 1
        }
        return offset
    }

    /// The offset of the first byte in `range` that is no letter, no digit and no "-", which is what almost all field
    /// names are made of; possibly an earlier one among the last seven bytes of this span.
    ///
    /// Eight bytes at a time, as ``firstControl(in:)``.
    @inline(__always)
    package func endOfPlainName(in range: Range<Int>) -> Int {
        let high: UInt64 = 0x8080_8080_8080_8080
        let ones: UInt64 = 0x0101_0101_0101_0101
        precondition(range.lowerBound >= 0)
        var offset = range.lowerBound
        while offset < range.upperBound, offset &+ 8 <= byteCount {
            let word = unsafe UInt64(
                littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
            // Without the top bits no sum below carries into the next byte: each sets its byte's top bit from a bound on.
            let low = word & ~high
            let letters = low | 0x20 &* ones
            let isLetter = (letters &+ (0x80 - 0x61) &* ones) & ~(letters &+ (0x80 - 0x7B) &* ones)
            let isDigit = (low &+ (0x80 - 0x30) &* ones) & ~(low &+ (0x80 - 0x3A) &* ones)
            let isDash = (low &+ (0x80 - 0x2D) &* ones) & ~(low &+ (0x80 - 0x2E) &* ones)
            let others = (~(isLetter | isDigit | isDash) | word) & high
            if others != 0 { return Swift.min(offset &+ others.trailingZeroBitCount / 8, range.upperBound) }
            offset &+= 8
        }
        return Swift.min(offset, range.upperBound)
    }

    /// Does `range`, which holds a token, equal `lowercased` when case is ignored?
    ///
    /// `lowercased` has only lower case letters, digits and "-": setting bit 5 maps no other token character onto them.
    package func equalsToken(_ lowercased: StaticString, in range: Range<Int>) -> Bool {
        guard lowercased.utf8CodeUnitCount == range.count else { return false }
        var index = 0
        while index &+ 8 <= range.count {
            let word = unsafe unsafeLoadUnaligned(fromByteOffset: range.lowerBound + index, as: UInt64.self)
            let expected = unsafe UnsafeRawPointer(lowercased.utf8Start).loadUnaligned(
                fromByteOffset: index, as: UInt64.self)
            if word | 0x2020_2020_2020_2020 != expected { return false }
            index &+= 8
        }
        while index < range.count {
            let expected = unsafe lowercased.utf8Start[index]
            if byte(range.lowerBound + index) | 0x20 != expected { return false }
            index += 1
        }
        return true
    }

    /// Does `range` equal `otherRange` of `other` when the case of letters is ignored?
    func equalsIgnoringCase(_ range: Range<Int>, of other: RawSpan, _ otherRange: Range<Int>) -> Bool {
        guard range.count == otherRange.count else { return false }
        for (offset, otherOffset) in zip(range, otherRange)
        where HTTPCharacters.lowercased(byte(offset)) != HTTPCharacters.lowercased(other.byte(otherOffset)) {
            return false
        }
        return true
    }

    /// `range` without the spaces and tabs at its ends.
    package func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, HTTPCharacters.isBlank(byte(lower)) { lower += 1 }
        while lower < upper, HTTPCharacters.isBlank(byte(upper - 1)) { upper -= 1 }
        return lower..<upper
    }

    /// Calls `body` for each element of a comma separated list, trimmed; empty elements are passed too.
    package func forEachListElement<Failure: Error>(
        in range: Range<Int>, _ body: (Range<Int>) throws(Failure) -> Void
    ) throws(Failure) {
        var start = range.lowerBound
        var index = start
        while index <= range.upperBound {
            if index == range.upperBound || byte(index) == UInt8(ascii: ",") {
                try body(trimmingBlanks(start..<index))
                start = index + 1
            }
            index += 1
        }
    }
}
