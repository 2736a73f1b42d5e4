import Logging
import Synchronization
import Testing
import WeaverCore
import WeaverRuntime

@Suite struct LogTests {
    private func entry(_ message: String, attributes: [String: String] = [:]) -> LogEntry {
        LogEntry(
            time: 3_723_000_004, level: .info, component: "Shop.Products", replica: "3f2a9c01",
            file: "Shop/Products.swift", line: 12, message: message, attributes: attributes)
    }

    @Test func `a full buffer drops and counts, and tells the sender once`() {
        var buffer = LogBuffer(capacity: 2)
        let wakes = ["1", "2", "3"].map { buffer.append(entry($0)) }
        #expect(wakes == [true, false, false])
        let batch = buffer.take()
        #expect(batch.entries.map(\.message) == ["1", "2"])
        #expect(batch.dropped == 1)
        #expect(buffer.isEmpty)
        let next = buffer.take()
        #expect(next.dropped == 0)
    }

    @Test func `a batch has a bound, and the rest keeps its order`() {
        var buffer = LogBuffer()
        for number in 0...LogBuffer.batchSize { _ = buffer.append(entry("\(number)")) }
        let first = buffer.take()
        #expect(first.entries.count == LogBuffer.batchSize)
        #expect(!buffer.isEmpty)
        let second = buffer.take()
        #expect(second.entries.map(\.message) == ["\(LogBuffer.batchSize)"])
    }

    @Test func `an entry says who logs, and the nearest metadata wins`() {
        let sink = CollectingSink()
        var logger = Logger(label: "x") { _ in
            WeaverLogHandler(component: "Shop.Products", replica: "3f2a9c01", level: .info, sink: sink)
        }
        logger[metadataKey: "tenant"] = "a"
        logger[metadataKey: "kept"] = "yes"
        logger.debug("not this")
        logger.warning("but this", metadata: ["tenant": "b"])
        let entries = sink.entries.withLock { $0 }
        #expect(entries.count == 1)
        #expect(entries.first?.level == .warning)
        #expect(entries.first?.component == "Shop.Products")
        #expect(entries.first?.replica == "3f2a9c01")
        #expect(entries.first?.attributes == ["tenant": "b", "kept": "yes"])
    }

    @Test func `an unknown level in the environment is the default`() {
        #expect(WeaverLogHandler.level(named: "DEBUG") == .debug)
        #expect(WeaverLogHandler.level(named: "loud") == .info)
        #expect(WeaverLogHandler.level(named: nil) == .info)
    }
}

/// Keeps entries for a test.
final class CollectingSink: LogSink {
    let entries = Mutex<[LogEntry]>([])

    func write(_ entry: LogEntry) { entries.withLock { $0.append(entry) } }
    func flush(within bound: Duration) async {}
}
