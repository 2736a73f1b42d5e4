import WeaverCore

/// Frames of a WebSocket as a client sends them, masked.
package enum ClientFrame {
    /// One frame, whose length takes as many bytes as it needs, or `lengthBytes`.
    package static func bytes(
        _ opcode: UInt8, _ payload: [UInt8] = [], isFinal: Bool = true, mask: [UInt8] = [0x37, 0xfa, 0x21, 0x3d],
        lengthBytes: Int? = nil
    ) -> [UInt8] {
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | opcode]
        let count = payload.count
        let size = lengthBytes ?? (count > 0xffff ? 8 : count > 125 ? 2 : 0)
        bytes.append(0x80 | (size == 8 ? 127 : size == 2 ? 126 : UInt8(count)))
        bytes += (0..<size).map { UInt8(truncatingIfNeeded: count >> (8 * (size - 1 - $0))) }
        bytes += mask
        bytes += payload.enumerated().map { $1 ^ mask[$0 & 3] }
        return bytes
    }

    /// A whole message of text.
    package static func text(_ text: String) -> [UInt8] { bytes(WebSocketOpcode.text.rawValue, Array(text.utf8)) }

    /// A close frame.
    package static func close(_ code: UInt16, _ reason: String = "") -> [UInt8] {
        bytes(WebSocketOpcode.close.rawValue, [UInt8(code >> 8), UInt8(code & 0xff)] + reason.utf8)
    }
}
