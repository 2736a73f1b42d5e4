import Testing

@testable import WeaverCore

/// The cases of W3C Trace Context, sections 3.2 and 3.3.
@Suite struct TraceContextTests {
    private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func `what was read is what is written`() {
        let trace = TraceContext(parent: parent, states: ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"])
        #expect(trace?.traceID == 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736)
        #expect(trace?.spanID == 0x00f0_67aa_0ba9_02b7)
        #expect(trace?.isSampled == true)
        #expect(trace?.parentText == parent)
        #expect(trace?.state == "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")
    }

    @Test(arguments: [
        "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47é-00f067aa0ba902b7-01",
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ])
    func `what is no traceparent begins a new trace`(_ text: String) {
        #expect(TraceContext(parent: text) == nil)
    }

    @Test func `a later version is read as far as this one goes, and flags without a meaning are dropped`() {
        let later = TraceContext(parent: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what-will-come")
        #expect(later?.parentText == "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03")
        #expect(TraceContext(parent: "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")?.isSampled == false)
    }

    @Test(arguments: [
        (["a=1", "b=2"], "a=1,b=2"), ([" a=1 ,\t b=2 ", ""], "a=1,b=2"), (["a=1,,b=2"], "a=1,b=2"),
        (["a"], ""), (["=1"], ""), (["a="], ""), (["A=1"], ""), (["a=1=2"], ""), (["a=1\u{7}"], ""),
        (["fw529a3039@dt=FfIEQ, x/y-z*_9=b c"], "fw529a3039@dt=FfIEQ,x/y-z*_9=b c"),
    ])
    func `tracestate is joined, or dropped alone where it makes no sense`(_ fields: [String], _ expected: String) {
        #expect(TraceContext(parent: parent, states: fields)?.state == expected)
    }

    @Test func `of a tracestate that is too long the last entries are left out`() {
        let entry = "k=" + String(repeating: "v", count: 125)
        let four = [String](repeating: entry, count: 4).joined(separator: ",")
        #expect(four.utf8.count == TraceContext.maximumStateLength - 1)
        #expect(TraceContext(parent: parent, states: [four])?.state == four)
        #expect(TraceContext(parent: parent, states: [four, "a=1"])?.state == four)
        let entries = [String](repeating: "a=1", count: TraceContext.maximumStateEntries)
        #expect(TraceContext(parent: parent, states: entries)?.state.isEmpty == false)
        #expect(TraceContext(parent: parent, states: entries + ["a=1"])?.state == "")
    }
}
