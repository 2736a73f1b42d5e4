import Synchronization
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct WatchdogTests {
    private static let label = StallLabel.named("Lemon.Categories/get")

    @Test func `a stuck tick is reported while it lasts, with the name of what runs`() async throws {
        try await withLoop { loop in
            let reported = Mutex<Watchdog.Stall?>(nil)
            var limits = Watchdog.Limits()
            limits.stall = .milliseconds(20)
            let watchdog = try Watchdog.start(loop: loop, limits: limits) { stall in
                reported.withLock { $0 = $0 ?? stall }
            }
            try await loop.run {
                loop.stall.enter(Self.label)
                // Ends only because it was reported while it ran.
                while reported.withLock({ $0 }) == nil { sched_yield() }
            }
            watchdog.stop()
            let stall = try #require(reported.withLock { $0 })
            #expect(stall.name == "Lemon.Categories/get")
            #expect(stall.duration >= .milliseconds(20))
        }
    }

    @Test func `a name does not outlast the work that it was given to`() async throws {
        try await withLoop { loop in
            try await loop.run { loop.stall.enter(Self.label) }
            let name = try await loop.run { loop.stall.currentName }
            #expect(name == nil)
        }
    }

    @Test func `the end of the control pipe is told of although the loop is blocked and data is unread`() async throws {
        try await withLoop { loop in
            let closed = Atomic(false)
            var limits = Watchdog.Limits()
            limits.stall = .milliseconds(10)
            limits.graceAfterControlClosed = .milliseconds(20)
            var pipe = try PipePair()
            let (readEnd, writeEnd) = (pipe.takeReadEnd(), pipe.takeWriteEnd())
            let watchdog = try Watchdog.start(
                loop: loop, limits: limits, controlDescriptor: readEnd, onStall: { _ in },
                onControlClosed: { closed.store(true, ordering: .relaxed) })
            // The watchdog has its own copy: the loop may close this one.
            close(readEnd)
            unsafe _ = write(writeEnd, [1] as [UInt8], 1)
            try await loop.run {
                let began = loop.now
                close(writeEnd)
                while !closed.load(ordering: .relaxed) { sched_yield() }
                #expect(loop.now - began >= .milliseconds(20))
            }
            watchdog.stop()
        }
    }

    @Test func `a loop that comes round gets the time that components need to stop, and no more`() async throws {
        try await withLoop { loop in
            let closedAt = Promise<MonotonicTime>()
            var limits = Watchdog.Limits()
            limits.stall = .milliseconds(10)
            limits.graceAfterControlClosed = .milliseconds(20)
            limits.orderlyEnd = .milliseconds(300)
            var pipe = try PipePair()
            let (readEnd, writeEnd) = (pipe.takeReadEnd(), pipe.takeWriteEnd())
            let watchdog = try Watchdog.start(
                loop: loop, limits: limits, controlDescriptor: readEnd, onStall: { _ in },
                onControlClosed: { closedAt.fulfil(EventLoop.now) })
            close(readEnd)
            let began = EventLoop.now
            close(writeEnd)
            #expect(await closedAt.wait() - began >= .milliseconds(300))
            watchdog.stop()
        }
    }

    @Test func `an idle loop is not stuck, and a watchdog stops at once`() async throws {
        try await withLoop { loop in
            let stalls = Atomic(0)
            var limits = Watchdog.Limits()
            limits.stall = .milliseconds(20)
            let watchdog = try Watchdog.start(loop: loop, limits: limits) { _ in
                stalls.wrappingAdd(1, ordering: .relaxed)
            }
            try await Task.sleep(for: .milliseconds(60))
            watchdog.stop()
            watchdog.stop()
            let count = stalls.load(ordering: .relaxed)
            #expect(count == 0)
        }
    }
}
