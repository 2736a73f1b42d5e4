import Synchronization
import Testing

@testable import WeaverRuntime

struct RunningHandlersTests {
    @Test func `the last one that ends is told of, once for each who asked`() {
        let handlers = RunningHandlers()
        let told = Mutex(0)
        let tell: @Sendable () -> Void = { told.withLock { $0 += 1 } }
        handlers.whenNone(tell)
        #expect(told.withLock { $0 } == 1, "at once when there is none")
        handlers.began()
        handlers.began()
        handlers.whenNone(tell)
        handlers.whenNone(tell)
        handlers.ended()
        #expect(told.withLock { $0 } == 1)
        handlers.ended()
        #expect(told.withLock { $0 } == 3)
        handlers.began()
        handlers.ended()
        #expect(told.withLock { $0 } == 3)
    }
}
