import Testing
import WeaverCore

@Suite struct LineQueueTests {
    @Test func `lines come out in order, and only the first tells the writer`() {
        var queue = LineQueue()
        #expect(queue.isEmpty)
        #expect(queue.append { "one\n" } == true)
        #expect(queue.append { "two\n" } == false)
        #expect(queue.byteCount == 8)
        #expect(queue.take() == "one\ntwo\n")
        #expect(queue.isEmpty && queue.byteCount == 0)
        #expect(queue.append { "three\n" } == true)
    }

    @Test func `a line that fills the queue to the last byte fits, and the next is lost where it was`() {
        var queue = LineQueue(capacity: 8)
        _ = queue.append { "1234567\n" }
        _ = queue.append { "lost\n" }
        #expect(queue.byteCount == 8)
        #expect(queue.take() == "1234567\nweaver: 1 lines lost: the logs come faster than they are read\n")
        _ = queue.append { "123456789\n" }
        #expect(queue.take() == "weaver: 1 lines lost: the logs come faster than they are read\n")
        #expect(queue.isEmpty)
    }

    @Test func `what comes after a loss stands after its notice`() {
        var queue = LineQueue(capacity: 200)
        _ = queue.append { String(repeating: "x", count: 99) + "\n" }
        _ = queue.append { String(repeating: "y", count: 199) + "\n" }
        _ = queue.append { "after\n" }
        let lines = queue.take().split(separator: "\n").map { $0.prefix(8) }
        #expect(lines == ["xxxxxxxx", "weaver: ", "after"])
    }

    @Test func `a full queue does not even make the text`() {
        var queue = LineQueue(capacity: 2)
        _ = queue.append { "1\n" }
        _ = queue.append {
            Issue.record("text was made for nothing")
            return ""
        }
    }

    @Test func `what is lost is told in the form of the lines`() {
        var queue = LineQueue(capacity: 8) { "{\"lost\":\($0)}\n" }
        #expect(queue.append { "1234567\n" } == true)
        for _ in 0..<3 { #expect(queue.append { "x\n" } == false) }
        #expect(queue.take() == "1234567\n{\"lost\":3}\n")
        #expect(queue.isEmpty)
    }
}
