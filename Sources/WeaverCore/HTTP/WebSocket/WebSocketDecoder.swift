/// Takes the frames off what a client sends, and joins the parts of messages (RFC 6455 section 5).
///
/// Feed it each span that arrives, calling `next` until it wants more. What it keeps is the message under way, at most
/// as large as the limit: a length is checked before anything of it is kept.
package struct WebSocketDecoder: ~Copyable {
    /// What `next` found.
    package enum Step: Sendable, Equatable {
        case message(WebSocketMessage)
        case ping([UInt8])
        case pong([UInt8])
        case close(WebSocketClose)
        /// The input is used up.
        case needMore
    }

    /// The head of the frame under way.
    private struct Frame {
        var isFinal: Bool
        var opcode: WebSocketOpcode
        var length: UInt64 = 0
        var mask: UInt32 = 0
    }

    private enum State {
        case first
        case second
        /// So many bytes of an extended length, or of the mask, are still to come.
        case length(Int, of: Int)
        case mask(Int)
        /// So many bytes of the payload have come.
        case payload(UInt64)
    }

    private let messageLimit: Int
    private var state = State.first
    private var frame = Frame(isFinal: true, opcode: .text)
    /// What the message under way is; nil between messages.
    private var kind: WebSocketOpcode?
    private var message: [UInt8] = []
    /// Frames that have been complete, those that lead to nothing included.
    package private(set) var frameCount = 0
    private var control: [UInt8] = []

    /// A decoder for one connection, which refuses messages of more than `messageLimit` bytes.
    package init(messageLimit: Int) {
        self.messageLimit = messageLimit
    }

    /// Bytes that it keeps.
    package var bufferedBytes: Int { message.count + control.count }

    /// Goes on at `offset`.
    package mutating func next(_ bytes: RawSpan, at offset: inout Int) throws(WebSocketFault) -> Step {
        while true {
            if case .payload(let taken) = state {
                take(bytes, at: &offset, taken)
                guard case .payload(frame.length) = state else { return .needMore }
                state = .first
                frameCount += 1
                if let step = try frameDidEnd() { return step }
                continue
            }
            guard offset < bytes.byteCount else { return .needMore }
            let byte = bytes.byte(offset)
            offset += 1
            try takeHead(byte)
        }
    }

    // MARK: Heads

    private mutating func takeHead(_ byte: UInt8) throws(WebSocketFault) {
        switch state {
        case .first: try takeFirst(byte)
        case .second: try takeSecond(byte)
        case .length(let left, let size):
            frame.length = frame.length << 8 | UInt64(byte)
            guard left == 1 else { return state = .length(left - 1, of: size) }
            // Section 5.2: the shortest form, and the highest bit is 0. One reading is enough.
            let isShortest = size == 2 ? frame.length > 125 : frame.length > 0xffff && frame.length >> 63 == 0
            guard isShortest else { throw .wastefulLength }
            try lengthIsKnown()
        case .mask(let left):
            frame.mask = frame.mask << 8 | UInt32(byte)
            state = left == 1 ? .payload(0) : .mask(left - 1)
        case .payload: break
        }
    }

    private mutating func takeFirst(_ byte: UInt8) throws(WebSocketFault) {
        guard byte & 0x70 == 0 else { throw .reservedBits }
        guard let opcode = WebSocketOpcode(rawValue: byte & 0x0f) else { throw .unknownOpcode }
        let isFinal = byte & 0x80 != 0
        if opcode.isControl {
            guard isFinal else { throw .fragmentedControl }
        } else if opcode == .continuation {
            guard kind != nil else { throw .strayContinuation }
        } else {
            guard kind == nil else { throw .interruptedMessage }
            kind = opcode
        }
        frame = Frame(isFinal: isFinal, opcode: opcode)
        state = .second
    }

    private mutating func takeSecond(_ byte: UInt8) throws(WebSocketFault) {
        guard byte & 0x80 != 0 else { throw .unmasked }
        let length = byte & 0x7f
        guard !frame.opcode.isControl || length <= WebSocketFrame.controlPayloadBytes else { throw .longControl }
        switch length {
        case 126: state = .length(2, of: 2)
        case 127: state = .length(8, of: 8)
        default:
            frame.length = UInt64(length)
            try lengthIsKnown()
        }
    }

    private mutating func lengthIsKnown() throws(WebSocketFault) {
        if !frame.opcode.isControl, frame.length > UInt64(messageLimit - message.count) { throw .messageTooBig }
        state = .mask(4)
    }

    // MARK: Payloads

    private mutating func take(_ bytes: RawSpan, at offset: inout Int, _ taken: UInt64) {
        let count = Int(min(frame.length - taken, UInt64(bytes.byteCount - offset)))
        let part = bytes.extracting(offset..<offset + count)
        if frame.opcode.isControl {
            control.append(part, unmaskedBy: frame.mask, from: taken)
        } else {
            message.append(part, unmaskedBy: frame.mask, from: taken)
        }
        offset += count
        state = .payload(taken + UInt64(count))
    }

    private mutating func frameDidEnd() throws(WebSocketFault) -> Step? {
        switch frame.opcode {
        case .ping: return .ping(exchange(&control, with: []))
        case .pong: return .pong(exchange(&control, with: []))
        case .close: return .close(try WebSocketClose(payload: exchange(&control, with: [])))
        case .continuation, .text, .binary:
            guard frame.isFinal else { return nil }
            let content = exchange(&message, with: [])
            guard exchange(&kind, with: nil) == .text else { return .message(.binary(content)) }
            guard let text = String(validating: content, as: UTF8.self) else { throw .invalidText }
            return .message(.text(text))
        }
    }
}

extension [UInt8] {
    /// Appends `part`, which begins at `position` of a payload, without its mask (RFC 6455 section 5.3).
    ///
    /// - Parameter mask: its first byte is the highest.
    fileprivate mutating func append(_ part: RawSpan, unmaskedBy mask: UInt32, from position: UInt64) {
        let start = count
        unsafe part.withUnsafeBytes { unsafe append(contentsOf: $0) }
        let turn = UInt32(position & 3) * 8
        let turned = mask << turn | mask >> ((32 - turn) & 31)
        let wide = (UInt64(turned) << 32 | UInt64(turned)).bigEndian
        unsafe withUnsafeMutableBytes { bytes in
            var offset = start
            while offset + 8 <= bytes.count {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                unsafe bytes.storeBytes(of: word ^ wide, toByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            while offset < bytes.count {
                unsafe bytes[offset] ^= UInt8(truncatingIfNeeded: turned >> (24 - 8 * UInt32((offset - start) & 3)))
                offset += 1
            }
        }
    }
}
