internal import WeaverCore
internal import WeaverLoop

/// Sets the deadline and metadata of the component calls that `body` makes, local ones and remote ones.
///
/// A deadline only ever gets earlier: inside of a call whose deadline is near, or of another `withCall`, the nearer
/// one counts. Metadata is added to what is there; a name that is there already gets the new value.
///
///     let product = try await withCall(deadline: .seconds(2), metadata: ["tenant": "a"]) {
///         try await products.get(7)
///     }
///
/// - Parameters:
///   - deadline: how long the calls may take together, from now; nil leaves the deadline as it is.
///   - metadata: pairs of text that travel with the calls, see ``CallContext/metadata``.
///   - body: what makes the calls.
public func withCall<Result>(
    deadline: Duration? = nil, metadata: [String: String] = [:],
    _ body: () async throws -> Result
) async rethrows -> Result {
    var context = CallContext.current.limited(to: deadline.map { EventLoop.now + $0 })
    context.metadata.merge(metadata) { _, new in new }
    return try await CallContext.with(context, body)
}
