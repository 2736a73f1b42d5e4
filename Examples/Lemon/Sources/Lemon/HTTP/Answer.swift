import Foundation
import HTTPTypes

/// What a request is answered with.
struct Answer: Equatable, Sendable {
    /// The largest body of a request, in bytes.
    static let maximumRequestBody = 1 << 20

    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: [UInt8]

    /// A value as JSON.
    static func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = [UInt8](try encoder.encode(value))
        return Answer(status: status, fields: [.contentType: "application/json"], body: body)
    }

    /// The plain text `ok`.
    static let ok = Answer(status: .ok, fields: [.contentType: "text/plain; charset=utf-8"], body: [UInt8]("ok".utf8))

    /// A failure: `{"error": reason}`.
    static func failure(_ status: HTTPResponse.Status, _ reason: String) -> Answer {
        let body = (try? JSONEncoder().encode(["error": reason])).map([UInt8].init) ?? []
        return Answer(status: status, fields: [.contentType: "application/json"], body: body)
    }

    /// The same answer with one more header field.
    func with(_ name: HTTPField.Name, _ value: String) -> Answer {
        var answer = self
        answer.fields[name] = value
        return answer
    }
}

extension HTTPField.Name {
    /// Tells whether the category cache had the answer: `hit` or `miss`.
    // swift-format-ignore: NeverForceUnwrap
    static let xCache = HTTPField.Name("X-Cache")!
}
