/// How the body that follows a head ends (RFC 9112 section 6.3).
package enum BodyFraming: Sendable, Equatable {
    /// There is none.
    case none
    /// After this many bytes, more than none.
    case length(UInt64)
    /// With the last chunk and the trailer section.
    case chunked
    /// With the connection: responses only.
    case untilClose

    /// The framing of a request (rules 3 to 5 and 7): one reading, or a fault.
    package init(request fields: borrowing FieldSection, minorVersion: UInt8) throws(HTTPFault) {
        if fields.codings.isPresent {
            // Section 6.1: a server that gets these "ought to" treat framing as faulty and close.
            guard minorVersion >= 1 else { throw .codingInOldVersion }
            guard fields.contentLength == nil else { throw .lengthAndCoding }
            try fields.codings.validate()
            self = .chunked
        } else {
            self = fields.contentLength.map { $0 > 0 ? .length($0) : .none } ?? .none
        }
    }

    /// The framing of a response to a request with `method` (rules 1, 2 to 6 and 8).
    package init(
        response fields: borrowing FieldSection, status: HTTPStatus, method: HTTPMethod, minorVersion: UInt8
    ) throws(HTTPFault) {
        if fields.codings.isPresent {
            guard minorVersion >= 1 else { throw .codingInOldVersion }
            guard fields.contentLength == nil else { throw .lengthAndCoding }
            try fields.codings.validate()
        }
        if method == .head || status.forbidsBody {
            self = .none
        } else if fields.codings.isPresent {
            self = .chunked
        } else if let length = fields.contentLength {
            self = length > 0 ? .length(length) : .none
        } else {
            self = .untilClose
        }
    }
}
