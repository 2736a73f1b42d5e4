/// The hash that stands for a method on the wire: the same as `MethodKey(signature:)` of WeaverCore, which a test
/// compares, computed here so that it costs nothing at run time.
enum MethodKeys {
    static func key(of signature: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in signature.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        hash = (hash ^ (hash >> 32)) &* 0xd6e8_feb8_6659_fd93
        return hash ^ (hash >> 32)
    }

    static func literal(of signature: String) -> String {
        let digits = String(key(of: signature), radix: 16)
        return "0x" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
