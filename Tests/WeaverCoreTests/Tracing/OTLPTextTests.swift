import Testing

@testable import WeaverCore

@Suite struct OTLPTextTests {
    private let resource = OTLPText.Resource(application: "shop", deployment: "d", group: "main", replica: "r")

    @Test func `a span is written as the JSON of OTLP wants it`() {
        var span = SpanRecord(
            context: TraceContext(traceID: 0xab, spanID: 0xcd, flags: 1, state: "a=1"), parent: 0xef,
            name: "get \"x\"\n",
            kind: .server, start: 1_700_000_000_000_000_001)
        span.end = span.start + 2
        span.attributes = [
            .init("text", .string("é")), .init("number", .integer(-7)), .init("part", .number(0.5)),
            .init("yes", .bool(true)), .init("list", .list([.string("a"), .integer(1)])), .init("no", .number(.nan)),
        ]
        span.events = [.init(name: "cached", time: 3)]
        span.links = [.init(TraceContext(traceID: 1, spanID: 2, flags: 0))]
        span.status = .error("it broke")
        span.leftOut = 4
        let line = OTLPText.line([span], of: resource)
        #expect(
            line == #"{"resourceSpans":[{"resource":{"attributes":["#
                + #"{"key":"service.name","value":{"stringValue":"shop"}},"#
                + #"{"key":"service.instance.id","value":{"stringValue":"r"}},"#
                + #"{"key":"weaver.deployment","value":{"stringValue":"d"}},"#
                + #"{"key":"weaver.group","value":{"stringValue":"main"}}]},"#
                + #""scopeSpans":[{"scope":{"name":"weaver"},"spans":[{"#
                + #""traceId":"000000000000000000000000000000ab","spanId":"00000000000000cd","traceState":"a=1","#
                + #""parentSpanId":"00000000000000ef","name":"get \"x\"\u000a","kind":2,"#
                + #""startTimeUnixNano":"1700000000000000001","endTimeUnixNano":"1700000000000000003","#
                + #""attributes":[{"key":"text","value":{"stringValue":"\u00e9"}},"#
                + #"{"key":"number","value":{"intValue":"-7"}},{"key":"part","value":{"doubleValue":0.5}},"#
                + #"{"key":"yes","value":{"boolValue":true}},"#
                + #"{"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"1"}]}}},"#
                + #"{"key":"no","value":{"doubleValue":"NaN"}}],"droppedAttributesCount":4,"#
                + #""events":[{"timeUnixNano":"3","name":"cached","attributes":[]}],"#
                + #""links":[{"traceId":"00000000000000000000000000000001","spanId":"0000000000000002","attributes":[]}],"#
                + #""status":{"code":2,"message":"it broke"}}]}]}]}"# + "\n")
    }

    @Test func `what has nothing to say says nothing, and a loss is a line of its own`() {
        let span = SpanRecord(
            context: TraceContext(traceID: 1, spanID: 2, flags: 1), parent: 0, name: "n", kind: .internal, start: 1)
        let line = OTLPText.line([span, span], of: resource)
        for absent in ["traceState", "parentSpanId", "status", "events", "links", "dropped"] {
            #expect(!line.contains(absent), "\(absent)")
        }
        #expect(line.split(separator: "\n").count == 1)
        #expect(
            OTLPText.lostLine(3)
                == #"{"resourceSpans":[{"resource":{"attributes":[{"key":"weaver.lost_lines","value":{"intValue":"3"}}]},"#
                + #""scopeSpans":[]}]}"# + "\n")
    }
}
