import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct LoopTimerTests {
    @Test func `a timer never fires early, even when armed late in a long tick`() async throws {
        try await withLoop { loop in
            let fired = Promise<Duration>()
            try await loop.run {
                // A tick that lasts: libuv's own idea of now is from its beginning.
                let begin = loop.now
                while loop.now - begin < .milliseconds(15) {}
                let armed = loop.now
                var timer: LoopTimer?
                timer = try LoopTimer(loop: loop) {
                    fired.fulfil(loop.now - armed)
                    timer?.close()
                    timer = nil
                }
                timer?.arm(after: .milliseconds(10))
            }
            #expect(await fired.wait() >= .milliseconds(10))
        }
    }

    @Test func `a repeating timer goes on until it is disarmed`() async throws {
        try await withLoop { loop in
            let fired = Promise<Int>()
            try await loop.run {
                var count = 0
                var timer: LoopTimer?
                timer = try LoopTimer(loop: loop) {
                    count += 1
                    guard count == 3 else { return }
                    timer?.disarm()
                    timer?.close()
                    timer = nil
                    fired.fulfil(count)
                }
                timer?.arm(after: .milliseconds(1), every: .milliseconds(1))
            }
            #expect(await fired.wait() == 3)
        }
    }

    @Test func `a time that has passed fires at once, and arming again replaces`() async throws {
        try await withLoop { loop in
            let fired = Promise<Int>()
            try await loop.run {
                var count = 0
                var timer: LoopTimer?
                timer = try LoopTimer(loop: loop) {
                    count += 1
                    timer?.close()
                    timer = nil
                    fired.fulfil(count)
                }
                timer?.arm(after: .seconds(1000))
                timer?.arm(at: MonotonicTime(nanoseconds: 0))
            }
            #expect(await fired.wait() == 1)
        }
    }
}
