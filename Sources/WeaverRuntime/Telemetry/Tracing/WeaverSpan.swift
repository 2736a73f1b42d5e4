internal import Synchronization
package import Tracing
package import WeaverCore

/// A span that is under way. What is said of it is kept only while its trace is recorded.
package final class WeaverSpan: Span {
    /// Where it is in its trace.
    package let trace: TraceContext
    /// What else its context has.
    private let base: ServiceContext
    private let tracer: WeaverTracer
    private let state: Mutex<State>

    private struct State {
        var record: SpanRecord
        var attributes: SpanAttributes = [:]
        var isRecording: Bool

        mutating func add(_ event: SpanRecord.Event) {
            if record.events.count < SpanRecord.maximumEvents {
                record.events.append(event)
            } else {
                record.leftOut += 1
            }
        }
    }

    init(_ record: SpanRecord, isRecording: Bool, context: ServiceContext, tracer: WeaverTracer) {
        trace = record.context
        base = context
        self.tracer = tracer
        state = Mutex(State(record: record, isRecording: isRecording))
    }

    package var context: ServiceContext {
        var context = base
        context[TraceKey.self] = TraceEntry(trace: trace, span: self)
        return context
    }

    package var isRecording: Bool { state.withLock { $0.isRecording } }

    package var operationName: String {
        get { state.withLock { $0.record.name } }
        set { update { $0.record.name = newValue } }
    }

    package var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { update { $0.attributes = newValue } }
    }

    package func setStatus(_ status: SpanStatus) {
        update { state in
            switch status.code {
            case .ok: state.record.status = .ok
            case .error: state.record.status = .error(status.message ?? "")
            }
        }
    }

    package func addEvent(_ event: SpanEvent) {
        update { state in
            state.add(
                .init(
                    name: event.name, time: event.nanosecondsSinceEpoch,
                    attributes: SpanRecord.attributes(event.attributes)))
        }
    }

    package func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        let time = instant().nanosecondsSinceEpoch
        update { state in
            // As OpenTelemetry names it.
            let own = [
                SpanRecord.Attribute("exception.type", .string("\(type(of: error))")),
                SpanRecord.Attribute("exception.message", .string("\(error)")),
            ]
            state.add(.init(name: "exception", time: time, attributes: own + SpanRecord.attributes(attributes)))
        }
    }

    package func addLink(_ link: SpanLink) {
        guard let other = link.context[TraceKey.self]?.trace else { return }
        update { state in
            guard state.record.links.count < SpanRecord.maximumEvents else { return state.record.leftOut += 1 }
            state.record.links.append(.init(other, attributes: SpanRecord.attributes(link.attributes)))
        }
    }

    package func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        end(nanoseconds: instant().nanosecondsSinceEpoch)
    }

    /// Ends it at a time in nanoseconds since 1970; it has failed where `error` says why. Only the first end counts.
    func end(nanoseconds time: UInt64 = WallClock.nanoseconds, error: String? = nil) {
        let record = state.withLock { state -> SpanRecord? in
            guard state.isRecording else { return nil }
            state.isRecording = false
            var record = state.record
            record.end = max(time, record.start)
            record.attributes += SpanRecord.attributes(state.attributes)
            if let error { record.status = .error(error) }
            return record
        }
        if let record { tracer.ended(record) }
    }

    /// Says something of a span of the runtime's own.
    func set(_ name: String, _ value: SpanRecord.Value) {
        update { $0.record.attributes.append(.init(name, value)) }
    }

    private func update(_ change: (inout State) -> Void) {
        state.withLock { state in
            if state.isRecording { change(&state) }
        }
    }
}

extension SpanRecord {
    /// Attributes as they are kept; those that nobody knows yet are left out.
    fileprivate static func attributes(_ attributes: SpanAttributes) -> [Attribute] {
        var result: [Attribute] = []
        attributes.forEach { name, value in
            if let value = Value(value) { result.append(Attribute(name, value)) }
        }
        return result.sorted { $0.name < $1.name }
    }
}

extension SpanRecord.Value {
    fileprivate init?(_ attribute: SpanAttribute) {
        switch attribute {
        case .int32(let value): self = .integer(Int64(value))
        case .int64(let value): self = .integer(value)
        case .double(let value): self = .number(value)
        case .bool(let value): self = .bool(value)
        case .string(let value): self = .string(value)
        case .stringConvertible(let value): self = .string(value.description)
        case .int32Array(let values): self = .list(values.map { .integer(Int64($0)) })
        case .int64Array(let values): self = .list(values.map { .integer($0) })
        case .doubleArray(let values): self = .list(values.map { .number($0) })
        case .boolArray(let values): self = .list(values.map { .bool($0) })
        case .stringArray(let values): self = .list(values.map { .string($0) })
        case .stringConvertibleArray(let values): self = .list(values.map { .string($0.description) })
        default: return nil
        }
    }
}
