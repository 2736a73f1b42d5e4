/// A message of a WebSocket.
public enum WebSocketMessage: Sendable, Hashable {
    /// Text, whose UTF-8 was checked when it came from a client.
    case text(String)
    /// Bytes of any kind.
    case binary([UInt8])
}

/// Why a WebSocket is closed (RFC 6455 section 7.4).
public struct WebSocketCloseCode: RawRepresentable, Sendable, Hashable {
    /// As it is sent: 3000 to 3999 are registered, 4000 to 4999 are an application's own.
    public let rawValue: UInt16

    /// Wraps a code.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// 1000: what it was opened for is done.
    public static let normal = WebSocketCloseCode(rawValue: 1000)
    /// 1001: the server ends, or the page was left.
    public static let goingAway = WebSocketCloseCode(rawValue: 1001)
    /// 1002: what came breaks the protocol.
    public static let protocolError = WebSocketCloseCode(rawValue: 1002)
    /// 1003: what came is of a kind that is not taken here, such as binary instead of text.
    public static let unsupportedData = WebSocketCloseCode(rawValue: 1003)
    /// 1007: text that is not UTF-8, or other content that does not fit its message's kind.
    public static let invalidPayload = WebSocketCloseCode(rawValue: 1007)
    /// 1008: what came breaks a rule of the application.
    public static let policyViolation = WebSocketCloseCode(rawValue: 1008)
    /// 1009: a message is larger than the limit.
    public static let messageTooBig = WebSocketCloseCode(rawValue: 1009)
    /// 1011: the server met a failure of its own.
    public static let internalError = WebSocketCloseCode(rawValue: 1011)

    /// May stand in a frame: 1004 to 1006 and 1015 never do, and the others are not given away.
    package var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

/// What one side said when it closed a WebSocket.
public struct WebSocketClose: Sendable, Hashable {
    /// Why; nil when it was not said.
    public let code: WebSocketCloseCode?
    /// For people; empty when nothing was said.
    public let reason: String

    package init(code: WebSocketCloseCode?, reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Reads the content of a close frame (section 5.5.1).
    package init(payload: [UInt8]) throws(WebSocketFault) {
        guard !payload.isEmpty else {
            self.init(code: nil, reason: "")
            return
        }
        guard payload.count >= 2 else { throw .malformedClose }
        let code = WebSocketCloseCode(rawValue: UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.isSendable else { throw .malformedClose }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else { throw .invalidText }
        self.init(code: code, reason: reason)
    }

    /// The content of the close frame that says this; a reason that does not fit is cut.
    package var payload: [UInt8] {
        guard let code else { return [] }
        let room = WebSocketFrame.controlPayloadBytes - 2
        var text = reason[...]
        while text.utf8.count > room { text.unicodeScalars.removeLast() }
        return [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xff)] + text.utf8
    }
}

/// Why what a client sent is no WebSocket, or too much: the connection ends, with the code that says so.
package enum WebSocketFault: String, Error, Sendable {
    case reservedBits = "bits that are reserved are set"
    case unknownOpcode = "an opcode that is reserved"
    case fragmentedControl = "a control frame in parts"
    case longControl = "a control frame of more than 125 bytes"
    case strayContinuation = "the continuation of no message"
    case interruptedMessage = "a message inside of another one"
    case unmasked = "a frame of a client without a mask"
    case wastefulLength = "a length in more bytes than it needs"
    case malformedClose = "a close frame without a proper code"
    case invalidText = "text that is not UTF-8"
    case messageTooBig = "a message larger than the limit"

    /// What the client is told.
    package var closeCode: WebSocketCloseCode {
        switch self {
        case .invalidText: .invalidPayload
        case .messageTooBig: .messageTooBig
        default: .protocolError
        }
    }
}
