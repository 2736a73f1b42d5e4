/// The answer to a client that wants to speak WebSocket (RFC 6455 section 4.2). Extensions are not negotiated: an offer of
/// compression is not taken up.
package struct WebSocketHandshake: Sendable, Equatable {
    /// Why a request is no opening handshake, and how it is answered.
    package enum Refusal: String, Error, Sendable {
        case notOffered = "this is for clients that speak WebSocket"
        case unsupportedVersion = "the only version of WebSocket that is spoken here is 13"
        case malformedKey = "Sec-WebSocket-Key is not one that encodes 16 bytes"
        case unsuitableMethod = "WebSocket begins with GET"
        case unexpectedBody = "WebSocket begins with a request without a body"

        /// 426 tells how to ask again (RFC 9110 section 15.5.22).
        package var status: HTTPStatus {
            switch self {
            case .notOffered, .unsupportedVersion: .upgradeRequired
            case .malformedKey, .unsuitableMethod, .unexpectedBody: .badRequest
            }
        }
    }

    /// What a request says of it: the values of all fields of each name.
    package struct Request: Sendable {
        package var isGet: Bool
        /// Upgrade has `websocket`.
        package var isOffered: Bool
        /// Something comes behind the head that is no frame.
        package var hasBody: Bool
        package var keys: [String]
        package var versions: [String]
        package var protocols: [String]

        package init(
            isGet: Bool, isOffered: Bool, hasBody: Bool, keys: [String], versions: [String], protocols: [String]
        ) {
            self.isGet = isGet
            self.isOffered = isOffered
            self.hasBody = hasBody
            self.keys = keys
            self.versions = versions
            self.protocols = protocols
        }
    }

    /// The protocol's name in Upgrade.
    package static let name = "websocket"
    /// The version that is spoken.
    package static let version = "13"
    private static let suffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// The value of Sec-WebSocket-Accept.
    package let accept: String
    /// The first of the supported ones that the client has offered.
    package let subprotocol: String?

    /// Answers `request`.
    ///
    /// - Parameter supported: the subprotocols to choose from, the best one first; without any, or without one that is
    ///   offered, none is spoken, which the client may take for a reason to leave.
    package init(_ request: Request, supported: [String]) throws(Refusal) {
        guard request.isOffered else { throw .notOffered }
        guard request.isGet else { throw .unsuitableMethod }
        guard !request.hasBody else { throw .unexpectedBody }
        guard request.versions == [Self.version] else { throw .unsupportedVersion }
        guard request.keys.count == 1, Base64.encodes(request.keys[0], byteCount: 16) else { throw .malformedKey }
        accept = Base64.encode(SHA1.digest(of: Array((request.keys[0] + Self.suffix).utf8)))
        let offered = request.protocols.flatMap { list in
            list.split(separator: ",").map { name in
                String(name.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
            }
        }
        subprotocol = supported.first { !$0.isEmpty && offered.contains($0) }
    }
}
