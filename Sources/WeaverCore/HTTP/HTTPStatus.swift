/// A status code (RFC 9110 section 15), with the reason phrases of those that this project sends itself.
package struct HTTPStatus: RawRepresentable, Sendable, Hashable {
    /// 100 to 599 when it comes from a parser.
    package let rawValue: UInt16

    /// Wraps a code; the parser checks the range.
    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let `continue` = HTTPStatus(rawValue: 100)
    package static let switchingProtocols = HTTPStatus(rawValue: 101)
    package static let ok = HTTPStatus(rawValue: 200)
    package static let noContent = HTTPStatus(rawValue: 204)
    package static let notModified = HTTPStatus(rawValue: 304)
    package static let badRequest = HTTPStatus(rawValue: 400)
    package static let requestTimeout = HTTPStatus(rawValue: 408)
    package static let contentTooLarge = HTTPStatus(rawValue: 413)
    package static let uriTooLong = HTTPStatus(rawValue: 414)
    package static let expectationFailed = HTTPStatus(rawValue: 417)
    package static let upgradeRequired = HTTPStatus(rawValue: 426)
    package static let requestHeaderFieldsTooLarge = HTTPStatus(rawValue: 431)
    package static let internalServerError = HTTPStatus(rawValue: 500)
    package static let notImplemented = HTTPStatus(rawValue: 501)
    package static let badGateway = HTTPStatus(rawValue: 502)
    package static let serviceUnavailable = HTTPStatus(rawValue: 503)
    package static let gatewayTimeout = HTTPStatus(rawValue: 504)
    package static let versionNotSupported = HTTPStatus(rawValue: 505)

    /// 1xx: another response follows (101 excepted).
    package var isInformational: Bool { rawValue < 200 }

    /// A response with this status never has a body (RFC 9112 section 6.3, rule 1).
    package var forbidsBody: Bool { isInformational || self == .noContent || self == .notModified }

    /// The phrase for a status line; empty for a code not in the list, which RFC 9112 section 4 allows.
    package var reasonPhrase: StaticString {
        switch rawValue {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: ""
        }
    }
}
