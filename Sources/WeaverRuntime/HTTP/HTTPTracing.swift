internal import HTTPTypes
internal import Tracing
internal import WeaverCore

/// Makes the spans of a listener's requests, below those of their clients where a request has the fields of W3C Trace Context
/// (www.w3.org/TR/trace-context).
package struct HTTPTracing: Sendable {
    private let tracer: WeaverTracer
    private let listener: String

    private static let parentField = HTTPField.Name(TraceContext.parentField)
    private static let stateField = HTTPField.Name(TraceContext.stateField)

    /// Spans of requests to `listener`.
    package init(_ tracer: WeaverTracer, listener: String) {
        self.tracer = tracer
        self.listener = listener
    }

    /// The place of a request in its trace.
    struct Trace {
        /// Of its span or, where that is not recorded, of its client.
        let context: TraceContext
        fileprivate let span: WeaverSpan?

        /// Whether it is recorded.
        var isRecorded: Bool { span != nil }

        /// The handler has returned.
        func end(status: Int?) {
            guard let span else { return }
            if let status { span.set("http.response.status_code", .integer(Int64(status))) }
            span.end(error: status.map { $0 >= 500 ? "the response's status is \($0)" : nil } ?? "no response")
        }
    }

    /// A request has come: nil where it is in no trace.
    func begin(_ request: HTTPRequest) -> Trace? {
        let client = client(of: request)
        let span =
            client.map { tracer.child(of: $0, name(of: request), .server) } ?? tracer.root(name(of: request), .server)
        guard let context = span?.trace ?? client else { return nil }
        span?.set("http.request.method", .string(request.method.rawValue))
        let path = (request.path ?? "").prefix { $0 != "?" }
        span?.set("url.path", .string(String(path)))
        return Trace(context: context, span: span)
    }

    /// What an instrument of the application's own makes of the fields of a request; nil where there is none.
    func serviceContext(of request: HTTPRequest) -> ServiceContext? {
        tracer.other.map { $0.serviceContext(of: request) }
    }

    /// As OpenTelemetry names the span of a request whose route nobody knows, and its listener.
    private func name(of request: HTTPRequest) -> String { "\(request.method.rawValue) \(listener)" }

    private func client(of request: HTTPRequest) -> TraceContext? {
        guard let parentField = Self.parentField, let stateField = Self.stateField,
            request.headerFields.contains(parentField)
        else { return nil }
        // Two of them are none.
        let parents = request.headerFields[values: parentField]
        guard parents.count == 1 else { return nil }
        return TraceContext(parent: parents[0], states: request.headerFields[values: stateField])
    }
}
