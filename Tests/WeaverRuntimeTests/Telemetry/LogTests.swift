import Logging
import Synchronization
import TestSupport
import Testing
import Tracing
import WeaverCore

@testable import WeaverRuntime

@Suite struct LogTests {
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

    @Test func `an entry carries the trace of the call or the span that it was logged in`() {
        let sink = CollectingSink()
        let logger = Logger(label: "x") { _ in
            WeaverLogHandler(component: "Shop.Products", replica: "", level: .info, sink: sink)
        }
        let tracer = WeaverTracer()
        logger.info("outside")
        CallContext.with(CallContext(trace: TraceContext(traceID: 7, spanID: 1, flags: 0))) {
            logger.info("in a call")
            tracer.withSpan("span") { _ in logger.info("in its span") }
            tracer.withSpan("other", context: ServiceContext.topLevel) { span in
                logger.info("in any other", metadata: ["trace": "\(span.trace.traceID)"])
            }
        }
        let entries = sink.entries.withLock { $0 }
        #expect(entries.map(\.trace) == [0, 7, 7, 7])
        #expect(
            LogPrinter(style: .plain, utcOffset: { _ in 0 }).text(entries[1]).hasSuffix(
                "│ in a call trace=00000000000000000000000000000007\n"))
        #expect(!LogPrinter(style: .plain, utcOffset: { _ in 0 }).text(entries[0]).contains("trace"))
    }

    @Test func `an unknown level in the environment is the default`() {
        #expect(WeaverLogHandler.level(named: "DEBUG") == .debug)
        #expect(WeaverLogHandler.level(named: "loud") == .info)
        #expect(WeaverLogHandler.level(named: nil) == .info)
        #expect(WeaverLogHandler.levelProblem("loud")?.hasPrefix("LOG_LEVEL=loud is no level, and info") == true)
        #expect([nil, "", "DEBUG", "trace"].allSatisfy { WeaverLogHandler.levelProblem($0) == nil })
    }
}

/// Keeps entries for a test.
final class CollectingSink: LogSink {
    let entries = Mutex<[LogEntry]>([])

    func write(_ entry: LogEntry) { entries.withLock { $0.append(entry) } }
    func flush(within bound: Duration) async {}
}
