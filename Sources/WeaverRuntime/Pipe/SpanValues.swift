internal import SwiftProtobuf
internal import WeaverCore
internal import WeaverProtocol

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension PBSpanBatch {
    init(_ spans: [SpanRecord], dropped: UInt64) {
        self.init()
        self.spans = spans.map(PBSpan.init)
        self.dropped = dropped
    }

    /// The spans within their bounds; what is of no trace counts as dropped.
    func value() -> WeaveletMessage {
        let records = spans.compactMap { $0.value()?.cut() }
        return .spans(records, dropped: dropped &+ UInt64(spans.count - records.count))
    }
}

extension PBSpan {
    init(_ span: SpanRecord) {
        self.init()
        traceID = .init(traceID: span.context.traceID)
        id = span.context.spanID
        traceState = span.context.state
        parent = span.parent
        name = span.name
        kind = Kind(rawValue: span.kind.rawValue) ?? .internal
        startNanoseconds = span.start
        endNanoseconds = span.end
        switch span.status {
        case .unset: status = .unset
        case .ok: status = .ok
        case .error(let message): (status, statusMessage) = (.failed, message)
        }
        attributes = span.attributes.map(PBAttribute.init)
        events = span.events.map { event in
            .with {
                $0.name = event.name
                $0.timeNanoseconds = event.time
                $0.attributes = event.attributes.map(PBAttribute.init)
            }
        }
        links = span.links.map { link in
            .with {
                $0.traceID = .init(traceID: link.context.traceID)
                $0.spanID = link.context.spanID
                $0.attributes = link.attributes.map(PBAttribute.init)
            }
        }
        leftOut = span.leftOut
    }

    func value() -> SpanRecord? {
        guard let trace = traceID.readTraceID(), id != 0 else { return nil }
        let context = TraceContext(traceID: trace, spanID: id, flags: TraceContext.sampled, state: traceState)
        var span = SpanRecord(
            context: context, parent: parent, name: name, kind: SpanRecord.Kind(rawValue: kind.rawValue) ?? .internal,
            start: startNanoseconds)
        span.end = endNanoseconds
        span.status =
            switch status {
            case .ok: .ok
            case .failed: .error(statusMessage)
            case .unset, .UNRECOGNIZED: .unset
            }
        span.attributes = attributes.map { $0.value() }
        span.events = events.map {
            SpanRecord.Event(name: $0.name, time: $0.timeNanoseconds, attributes: $0.attributes.map { $0.value() })
        }
        for link in links {
            guard let trace = link.traceID.readTraceID() else { continue }
            let context = TraceContext(traceID: trace, spanID: link.spanID, flags: 0)
            span.links.append(SpanRecord.Link(context, attributes: link.attributes.map { $0.value() }))
        }
        span.leftOut = leftOut
        return span
    }
}

extension PBAttribute {
    init(_ attribute: SpanRecord.Attribute) {
        self.init()
        name = attribute.name
        value = Value(attribute.value)
    }

    func value() -> SpanRecord.Attribute { SpanRecord.Attribute(name, value.value()) }
}

extension PBAttribute.Value {
    init(_ value: SpanRecord.Value) {
        self.init()
        switch value {
        case .string(let value): text = value
        case .integer(let value): integer = value
        case .number(let value): number = value
        case .bool(let value): flag = value
        case .list(let values): list = .with { $0.values = values.map(PBAttribute.Value.init) }
        }
    }

    /// A list in a list, which nothing says, is an empty text.
    func value(inList: Bool = false) -> SpanRecord.Value {
        switch kind {
        case .text(let value): .string(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .flag(let value): .bool(value)
        case .list(let list) where !inList: .list(list.values.map { $0.value(inList: true) })
        case .list, nil: .string("")
        }
    }
}

extension Data {
    /// The bytes of a trace's id, the most significant first.
    init(traceID: UInt128) {
        self.init((0..<16).reversed().map { UInt8(truncatingIfNeeded: traceID >> ($0 * 8)) })
    }

    /// The id that these bytes are; nil for what is none.
    func readTraceID() -> UInt128? {
        guard count == 16 else { return nil }
        let id = reduce(0) { $0 << 8 | UInt128($1) }
        return id == 0 ? nil : id
    }
}
