import Testing
import WeaverCore

struct PlainNameTests {
    /// What eight bytes at a time find is what one byte at a time finds, at every place of a word.
    @Test func everyByteAtEveryPlaceEndsANameOrDoesNot() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<17 {
                for length in [17, 24, 25] {
                    var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: length)
                    bytes[place] = byte
                    let isPlain: Bool =
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    for range in [0..<length, 3..<12] {
                        let end = isPlain || !range.contains(place) ? range.upperBound : place
                        let found = unsafe bytes.span.bytes.endOfPlainName(in: range)
                        // The last bytes of a span are left to the reader of single bytes.
                        #expect(found == end || (found < end && found > length - 8))
                    }
                }
            }
        }
    }
}
