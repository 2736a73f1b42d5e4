/// Why a message is refused. A request is answered with `status` and its connection closed; the same fault in a
/// backend's response makes the response unusable (502).
package enum HTTPFault: String, Error, Sendable {
    case malformedRequestLine = "malformed request line"
    case malformedStatusLine = "malformed status line"
    case malformedTarget = "malformed request target"
    case malformedVersion = "malformed HTTP version"
    case unsupportedVersion = "unsupported HTTP version"
    case unsupportedMethod = "CONNECT is not supported"
    case requestLineTooLong = "request line too long"
    case headTooLarge = "head too large"
    case tooManyFields = "too many header fields"
    case bareCarriageReturn = "CR without LF"
    case bareLineFeed = "LF without CR"
    case controlCharacter = "control character"
    case foldedLine = "folded header line"
    case malformedFieldName = "malformed header name"
    case missingHost = "no Host header"
    case repeatedHost = "more than one Host header"
    case malformedHost = "malformed Host"
    case malformedContentLength = "malformed Content-Length"
    case repeatedContentLength = "more than one Content-Length"
    case lengthAndCoding = "both Content-Length and Transfer-Encoding"
    case malformedTransferEncoding = "malformed Transfer-Encoding"
    case unsupportedTransferCoding = "unsupported transfer coding"
    case codingInOldVersion = "Transfer-Encoding in an HTTP/1.0 message"
    case unsupportedExpectation = "unsupported expectation"
    case malformedChunk = "malformed chunk"
    case chunkLineTooLong = "chunk line too long"
    case trailerTooLarge = "trailer section too large"
    case bodyTooLarge = "body too large"
    case truncatedBody = "body ended early"
    case tooManyInterimResponses = "too many interim responses"

    /// The answer to a request with this fault.
    package var status: HTTPStatus {
        switch self {
        case .requestLineTooLong: .uriTooLong
        case .headTooLarge, .tooManyFields, .trailerTooLarge: .requestHeaderFieldsTooLarge
        case .bodyTooLarge: .contentTooLarge
        case .unsupportedVersion: .versionNotSupported
        case .unsupportedMethod, .unsupportedTransferCoding: .notImplemented
        case .unsupportedExpectation: .expectationFailed
        default: .badRequest
        }
    }
}
