import Synchronization
import TestSupport
import Testing

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct DrainNoticeTests {
    @Test func `all who wait hear of it, and so do those who come later`() async {
        let notice = DrainNotice()
        #expect(!notice.isGiven)
        await withTaskGroup { group in
            for _ in 0..<8 { group.addTask { await notice.wait() } }
            notice.give()
            await group.waitForAll()
        }
        #expect(notice.isGiven)
        notice.give()
        await notice.wait()
    }

    @Test func `who is cancelled waits no longer, and the others do`() async {
        let notice = DrainNotice()
        let heard = Atomic<Bool>(false)
        await withTaskGroup { group in
            let others = Task { @Sendable in
                await notice.wait()
                heard.store(true, ordering: .relaxed)
            }
            // Before it waits, or while it does.
            for _ in 0..<100 {
                group.addTask { await notice.wait() }
                group.cancelAll()
                await group.waitForAll()
            }
            let early = heard.load(ordering: .relaxed)
            #expect(!notice.isGiven && !early)
            notice.give()
            await others.value
        }
        let late = heard.load(ordering: .relaxed)
        #expect(late)
    }
}
