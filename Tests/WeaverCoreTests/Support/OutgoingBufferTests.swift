import TestSupport
import Testing

@testable import WeaverCore

@Suite struct OutgoingBufferTests {
    private func entry(_ message: String) -> LogEntry {
        LogEntry(
            time: 3_723_000_004, level: .info, component: "Shop.Products", replica: "3f2a9c01",
            file: "Shop/Products.swift", line: 12, message: message)
    }

    @Test func `a full buffer drops and counts, and tells the sender once`() {
        var limits = OutgoingBuffer<LogEntry>.Limits()
        limits.entries = 2
        var buffer = OutgoingBuffer<LogEntry>(limits: limits)
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
        var buffer = OutgoingBuffer<LogEntry>()
        let size = OutgoingBuffer<LogEntry>.Limits().batchEntries
        for number in 0...size { _ = buffer.append(entry("\(number)")) }
        let first = buffer.take()
        #expect(first.entries.count == size)
        #expect(!buffer.isEmpty)
        let second = buffer.take()
        #expect(second.entries.map(\.message) == ["\(size)"])
    }

    @Test func `a buffer and a batch have a bound in bytes, too`() {
        let one = entry(String(repeating: "x", count: 1000))
        var limits = OutgoingBuffer<LogEntry>.Limits()
        limits.bytes = one.size * 3
        limits.batchBytes = one.size * 2
        var buffer = OutgoingBuffer<LogEntry>(limits: limits)
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
        var buffer = OutgoingBuffer<LogEntry>()
        _ = buffer.append(entry(String(byteCount: 100 << 20)))
        let batch = buffer.take()
        #expect(batch.entries.count == 1 && batch.dropped == 0)
        #expect(batch.entries.allSatisfy { $0.size <= LogEntry.maximumSize && $0.message.hasSuffix("bytes)") })
    }

    @Test func `the defaults are the limits: one entry more is dropped`() {
        let limits = OutgoingBuffer<LogEntry>.Limits()
        var buffer = OutgoingBuffer<LogEntry>()
        for _ in 0..<limits.entries { _ = buffer.append(entry("")) }
        #expect(buffer.take().dropped == 0)
        for _ in 0..<limits.batchEntries { _ = buffer.append(entry("")) }
        _ = buffer.append(entry(""))
        #expect(buffer.take().dropped == 1)
    }
}
