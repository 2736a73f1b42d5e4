import CoreMetrics
import Logging
import TestTracer
import Tracing
import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Implements(Unruly.self)
final class UnrulyService: Unruly {
    func behave() async throws {}

    func spin() async throws {
        while true {}
    }

    func crash() async throws {
        fatalError("told to crash")
    }

    func fork() async throws -> Int32 {
        var pid: pid_t = 0
        let script = "trap '' HUP TERM INT; while :; do /bin/sleep 1000; done"
        var arguments: [UnsafeMutablePointer<CChar>?] = unsafe ["/bin/sh", "-c", script].map { (text: String) in
            unsafe strdup(text)
        }
        unsafe arguments.append(nil)
        defer { unsafe arguments.forEach { unsafe free($0) } }
        guard unsafe posix_spawn(&pid, "/bin/sh", nil, nil, &arguments, nil) == 0 else { throw Failed() }
        return pid
    }

    func flood(lines: Int) async throws {
        for line in 0..<lines { print("flood \(line)") }
        fflush(nil)
    }

    func huge() async throws {
        print(String(decoding: [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20), as: UTF8.self))
        fflush(nil)
    }

    func logHuge() async throws {
        let huge = String(decoding: [UInt8](repeating: UInt8(ascii: "y"), count: 80 << 20), as: UTF8.self)
        context.logger.info("\(huge)", metadata: ["kept": "attribute"])
    }

    func measure() async throws {
        withSpan("measured") { span in
            span.attributes["page"] = "a"
            Counter(label: "unruly.measured", dimensions: [("page", "a")]).increment()
            Meter(label: "unruly.level").set(2.5)
            Timer(label: "unruly.time").recordNanoseconds(2_000_000)
            Logger(label: "unruly.own").notice("measured")
        }
    }

    func place() async throws -> String {
        withSpan("b") { _ in
            context.logger.notice("placed")
            return "\(TestTracer.here)"
        }
    }

    func shout(lines: Int) async throws -> String {
        func peak() -> Int {
            var usage = rusage()
            // RUSAGE_SELF, whose type platforms do not agree on.
            unsafe getrusage(0, &usage)
            return usage.ru_maxrss
        }
        let before = peak()
        let logger = context.logger
        await withTaskGroup { group in
            for part in 0..<10 {
                group.addTask(executorPreference: globalConcurrentExecutor) {
                    for line in 0..<lines / 10 { logger.info("shout \(part * lines / 10 + line)") }
                }
            }
        }
        return "\(peak() - before)"
    }

    func hangUp() async throws {
        // The writing one of its pipes: Envelope.childWriteDescriptor.
        close(4)
    }

    struct Failed: Error {}
}

extension TestTracer {
    /// Where the task that asks is: the span, and whom it works for.
    static var here: String {
        place(in: ServiceContext.current).map { "\($0.trace)/\($0.span)/\($0.tenant ?? "nobody")" } ?? "nowhere"
    }
}
