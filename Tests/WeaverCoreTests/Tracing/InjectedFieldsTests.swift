import Testing

@testable import WeaverCore

@Suite struct InjectedFieldsTests {
    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func fields(_ pairs: KeyValuePairs<String, String>) -> InjectedFields {
        var fields = InjectedFields()
        for (name, value) in pairs { fields.set(name, to: value) }
        return fields
    }

    @Test func `a W3C trace is taken out, and all else stays`() {
        var fields = fields(["Traceparent": parent, "tracestate": "a=1", "Baggage": "b=2"])
        let trace = fields.takeTrace()
        #expect(trace?.parentText == parent && trace?.state == "a=1")
        #expect(fields.values == ["baggage": "b=2"])
        #expect(fields.takeTrace() == nil)
    }

    @Test func `a traceparent that is none travels as it is`() {
        var fields = fields(["traceparent": "mine", "tracestate": "a"])
        #expect(fields.takeTrace() == nil)
        #expect(fields.values == ["traceparent": "mine", "tracestate": "a"])
        var call = CallContext(trace: TraceContext(traceID: 1, spanID: 2, flags: 0, state: "b=1"))
        #expect(call.field("tracestate") == "b=1")
        call.fields = fields.values
        #expect(call.field("TraceParent") == "mine" && call.field("tracestate") == "a")
        fields.dropTrace()
        #expect(fields.values.isEmpty)
    }

    @Test func `a callee finds the trace under the names of its fields, in any case`() {
        var call = CallContext(trace: TraceContext(parent: parent, states: []))
        call.fields = ["x-tenant": "a"]
        #expect(call.field("traceparent") == parent && call.field("tracestate") == nil)
        #expect(call.field("X-Tenant") == "a" && call.field("other") == nil)
        #expect(CallContext().field("traceparent") == nil)
    }

    @Test func `what has no room is left out, and what comes again replaces what was there`() {
        var fields = fields([:])
        for number in 0...RPCLimits.maximumFields { fields.set("\(number)", to: "") }
        #expect(fields.values.count == RPCLimits.maximumFields)
        #expect(fields.values["\(RPCLimits.maximumFields)"] == nil)

        let room = RPCLimits.maximumFieldBytes
        fields = InjectedFields()
        fields.set("a", to: String(repeating: "x", count: room))
        #expect(fields.values.isEmpty)
        fields.set("a", to: String(repeating: "x", count: room - 1))
        fields.set("b", to: "")
        #expect(fields.values.keys.sorted() == ["a"])
        fields.set("A", to: "short")
        fields.set("b", to: String(repeating: "y", count: room - 7))
        #expect(fields.values["a"] == "short" && fields.values["b"]?.utf8.count == room - 7)
    }

    @Test func `the room of a trace that is taken out is free again`() {
        var fields = fields(["traceparent": parent])
        _ = fields.takeTrace()
        fields.set("b", to: String(repeating: "y", count: RPCLimits.maximumFieldBytes - 1))
        #expect(fields.values.keys.sorted() == ["b"])
    }
}
