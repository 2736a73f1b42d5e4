/// Writes spans as OTLP/JSON lines: each line is a `TracesData` message in the JSON encoding of OTLP, as OpenTelemetry's file
/// exporter writes them (opentelemetry.io/docs/specs/otel/protocol/file-exporter), and its collector reads them.
package enum OTLPText {
    /// Which process the spans are of.
    package struct Resource: Sendable, Equatable {
        /// The application: `service.name`.
        package var application: String
        /// The deployment's id: `service.namespace` would be shared, so `weaver.deployment`.
        package var deployment: String
        /// The process's group: `weaver.group`.
        package var group: String
        /// The replica's id: `service.instance.id`.
        package var replica: String

        package init(application: String, deployment: String, group: String, replica: String) {
            self.application = application
            self.deployment = deployment
            self.group = group
            self.replica = replica
        }
    }

    /// The line, with its end, of spans of one process.
    package static func line(_ spans: [SpanRecord], of resource: Resource) -> String {
        let attributes = [
            SpanRecord.Attribute("service.name", .string(resource.application)),
            SpanRecord.Attribute("service.instance.id", .string(resource.replica)),
            SpanRecord.Attribute("weaver.deployment", .string(resource.deployment)),
            SpanRecord.Attribute("weaver.group", .string(resource.group)),
        ]
        return #"{"resourceSpans":[{"resource":{"attributes":"# + list(attributes)
            + #"},"scopeSpans":[{"scope":{"name":"weaver"},"spans":["# + spans.map(span).joined(separator: ",")
            + "]}]}]}\n"
    }

    /// A line without spans that says that so many lines were lost.
    package static func lostLine(_ count: Int) -> String {
        #"{"resourceSpans":[{"resource":{"attributes":"#
            + list([SpanRecord.Attribute("weaver.lost_lines", .integer(Int64(count)))]) + #"},"scopeSpans":[]}]}"#
            + "\n"
    }

    private static func span(_ span: SpanRecord) -> String {
        var fields = [
            #""traceId":"\#(span.context.traceText)""#, #""spanId":"\#(span.context.spanText)""#,
        ]
        if !span.context.state.isEmpty { fields.append(#""traceState":\#(JSONText.quoted(span.context.state))"#) }
        if span.parent != 0 { fields.append(#""parentSpanId":"\#(TraceContext.hex(span.parent, digits: 16))""#) }
        fields += [
            #""name":\#(JSONText.quoted(span.name))"#, #""kind":\#(span.kind.rawValue)"#,
            #""startTimeUnixNano":"\#(span.start)""#, #""endTimeUnixNano":"\#(span.end)""#,
        ]
        if !span.attributes.isEmpty { fields.append(#""attributes":\#(list(span.attributes))"#) }
        if span.leftOut > 0 { fields.append(#""droppedAttributesCount":\#(UInt32(clamping: span.leftOut))"#) }
        if !span.events.isEmpty {
            let events = span.events.map { event in
                #"{"timeUnixNano":"\#(event.time)","name":\#(JSONText.quoted(event.name)),"attributes":\#(list(event.attributes))}"#
            }
            fields.append(#""events":[\#(events.joined(separator: ","))]"#)
        }
        if !span.links.isEmpty {
            let links = span.links.map { link in
                #"{"traceId":"\#(link.context.traceText)","spanId":"\#(link.context.spanText)","#
                    + #""attributes":\#(list(link.attributes))}"#
            }
            fields.append(#""links":[\#(links.joined(separator: ","))]"#)
        }
        switch span.status {
        case .unset: break
        case .ok: fields.append(#""status":{"code":1}"#)
        case .error(let text): fields.append(#""status":{"code":2,"message":\#(JSONText.quoted(text))}"#)
        }
        return "{" + fields.joined(separator: ",") + "}"
    }

    private static func list(_ attributes: [SpanRecord.Attribute]) -> String {
        let texts = attributes.map { #"{"key":\#(JSONText.quoted($0.name)),"value":\#(value($0.value))}"# }
        return "[" + texts.joined(separator: ",") + "]"
    }

    private static func value(_ value: SpanRecord.Value) -> String {
        switch value {
        case .string(let text): #"{"stringValue":\#(JSONText.quoted(text))}"#
        // 64 bits are text in the JSON of protobuf.
        case .integer(let number): #"{"intValue":"\#(number)"}"#
        case .number(let number): #"{"doubleValue":\#(self.number(number))}"#
        case .bool(let bool): #"{"boolValue":\#(bool)}"#
        case .list(let values):
            #"{"arrayValue":{"values":[\#(values.map(self.value).joined(separator: ","))]}}"#
        }
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return #""NaN""# }
        if value.isInfinite { return value < 0 ? #""-Infinity""# : #""Infinity""# }
        return "\(value)"
    }
}
