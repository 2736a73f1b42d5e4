import Synchronization
import TestSupport
import Testing
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct WriterRoomTests {
    private final class Owner: Sendable {
        let room = WriterRoom()
        let began = Atomic<Int>(0)
    }

    private struct Gone: Error {}

    /// How a writer's wait ended.
    private enum Ending: Equatable { case room, cancelled, gone, other }

    private func wait(_ owner: Owner, _ loop: EventLoop) async -> Ending {
        owner.began.add(1, ordering: .relaxed)
        do {
            try await owner.room.wait(after: 1, on: loop)
            return .room
        } catch is CancellationError {
            return .cancelled
        } catch is Gone {
            return .gone
        } catch {
            return .other
        }
    }

    @Test func `of several writers who wait, one is cancelled and the others go on`() async throws {
        try await withLoop { loop in
            let owner = Owner()
            owner.room.filled()
            async let first = wait(owner, loop)
            async let second = wait(owner, loop)
            let cancelled = Task { await wait(owner, loop) }
            try await eventually("all have begun") { owner.began.load(ordering: .relaxed) == 3 }
            cancelled.cancel()
            #expect(await cancelled.value == .cancelled)
            owner.room.drained()
            let both = await (first, second)
            #expect(both == (.room, .room))
        }
    }

    @Test func `whoever waits, and whoever comes later, hears that nothing can be written`() async throws {
        try await withLoop { loop in
            let owner = Owner()
            owner.room.filled()
            async let early = wait(owner, loop)
            try await eventually("it has begun") { owner.began.load(ordering: .relaxed) == 1 }
            owner.room.fail(Gone())
            #expect(await early == .gone)
            #expect(await wait(owner, loop) == .gone)
        }
    }

    @Test func `a writer on the loop that never has to wait gives way after its turn`() async throws {
        try await withLoop { loop in
            let owner = Owner()
            // Others run when a piece of work that was handed over before the turn's end has run.
            let smallest = WriterRoom.bytesPerTurn / WriterRoom.leastBytesPerWrite
            for (size, writes) in [(1, smallest), (WriterRoom.bytesPerTurn / 4, 4)] {
                let task = Task(executorPreference: loop) {
                    let others = Atomic<Bool>(false)
                    loop.executeLocally { others.store(true, ordering: .relaxed) }
                    for _ in 1..<writes { try await owner.room.wait(after: size, on: loop) }
                    let before = others.load(ordering: .relaxed)
                    try await owner.room.wait(after: size, on: loop)
                    return (before, others.load(ordering: .relaxed))
                }
                let ran = try await task.value
                #expect(ran == (false, true), "writes of \(size)")
            }
        }
    }
}
