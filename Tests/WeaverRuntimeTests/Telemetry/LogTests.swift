import Logging
import Synchronization
import TestSupport
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
        var limits = LogBuffer.Limits()
        limits.entries = 2
        var buffer = LogBuffer(limits: limits)
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
        let size = LogBuffer.Limits().batchEntries
        for number in 0...size { _ = buffer.append(entry("\(number)")) }
        let first = buffer.take()
        #expect(first.entries.count == size)
        #expect(!buffer.isEmpty)
        let second = buffer.take()
        #expect(second.entries.map(\.message) == ["\(size)"])
    }

    @Test func `a buffer and a batch have a bound in bytes, too`() {
        let one = entry(String(repeating: "x", count: 1000))
        var limits = LogBuffer.Limits()
        limits.bytes = one.size * 3
        limits.batchBytes = one.size * 2
        var buffer = LogBuffer(limits: limits)
        for _ in 0..<4 { _ = buffer.append(one) }
        let first = buffer.take()
        #expect(first.entries.count == 2 && first.dropped == 1)
        for _ in 0..<2 { _ = buffer.append(one) }
        let rest = [buffer.take(), buffer.take(), buffer.take()]
        #expect(rest.map(\.entries.count) == [2, 1, 0])
        #expect(rest.allSatisfy { $0.dropped == 0 })
        #expect(buffer.isEmpty)
    }

    @Test func `an entry that is too large is cut and marked, and fits into a batch by itself`() {
        var buffer = LogBuffer()
        _ = buffer.append(entry(String(byteCount: 100 << 20)))
        let batch = buffer.take()
        #expect(batch.entries.count == 1 && batch.dropped == 0)
        #expect(batch.entries.allSatisfy { $0.size <= LogEntry.maximumSize && $0.message.hasSuffix("bytes)") })
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
