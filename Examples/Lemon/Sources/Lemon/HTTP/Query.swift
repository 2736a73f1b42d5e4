import Foundation

/// The target of a request, taken apart: `/product?id=1&id=2`.
struct Query: Equatable, Sendable {
    /// The path before the question mark, as it was sent.
    var path: String
    /// The values of each name, in their order.
    private var values: [String: [String]] = [:]

    init(_ target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: "&") {
            let pair = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[Self.decoded(pair[0]), default: []].append(pair.count == 2 ? Self.decoded(pair[1]) : "")
        }
    }

    /// Every `id`, in order.
    func ids() throws(BadRequest) -> [Int] {
        try (values["id"] ?? []).map { (text: String) throws(BadRequest) -> Int in
            guard let id = Int(text) else { throw BadRequest("id is not a number: \(text)") }
            return id
        }
    }

    /// The one `id` that there has to be.
    func id() throws(BadRequest) -> Int {
        let ids = try ids()
        guard ids.count == 1 else { throw BadRequest("exactly one id is needed: \(path)?id=1") }
        return ids[0]
    }

    private static func decoded(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? String(text)
    }
}

/// A request that cannot be understood; the answer is 400 with the reason.
struct BadRequest: Error {
    var reason: String

    init(_ reason: String) {
        self.reason = reason
    }
}
