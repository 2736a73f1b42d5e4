/// What a frame carries (RFC 6455 section 5.2).
package enum WebSocketOpcode: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// About the connection, and allowed between the parts of a message.
    package var isControl: Bool { rawValue >= 8 }
}

/// Sizes that the protocol fixes.
package enum WebSocketFrame {
    /// Bytes that a control frame may carry (section 5.5).
    package static let controlPayloadBytes = 125
}

extension OutputBuffer {
    /// Appends the head of a frame that is a whole message or a control frame, as a server sends it: not masked.
    package mutating func appendWebSocketHead(_ opcode: WebSocketOpcode, byteCount: Int) {
        append(opcode.rawValue | 0x80)
        switch byteCount {
        case ...125: append(UInt8(byteCount))
        case ...0xffff:
            append(126 as UInt8)
            append(UInt16(byteCount).byteSwapped)
        default:
            append(127 as UInt8)
            append(UInt64(byteCount).byteSwapped)
        }
    }
}
