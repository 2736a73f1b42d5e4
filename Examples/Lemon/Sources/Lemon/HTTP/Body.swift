import Foundation

/// Decodes the JSON body of a request. Fields that the type does not know are ignored.
func decode<Value: Decodable>(_: Value.Type, from body: [UInt8]) throws(BadRequest) -> Value {
    do {
        return try JSONDecoder().decode(Value.self, from: Data(body))
    } catch let error as DecodingError {
        throw BadRequest(reason(of: error))
    } catch {
        throw BadRequest("the body is not valid JSON")
    }
}

/// What is wrong with a body, in the words of its sender.
private func reason(of error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, _):
        "the field \(key.stringValue) is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
        if context.codingPath.isEmpty {
            "the body is not a JSON object"
        } else {
            "the field \(context.codingPath.map(\.stringValue).joined(separator: ".")) has the wrong type"
        }
    case .dataCorrupted(_):
        "the body is not valid JSON, or a number in it is out of range"
    @unknown default:
        "the body is not what was expected"
    }
}
