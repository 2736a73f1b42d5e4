import Synchronization
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct ExecutorTests {
    @Test func `a task that prefers the loop stays on it across suspensions`() async throws {
        try await withLoop { loop in
            let task = Task(executorPreference: loop) {
                var places = [loop.isInLoop]
                await Task.yield()
                places.append(loop.isInLoop)
                try await Task.sleep(for: .milliseconds(1))
                places.append(loop.isInLoop)
                return places
            }
            let places = try await task.value
            #expect(places == [true, true, true])
        }
    }

    @Test func `an actor on the loop runs there and may assume its isolation`() async throws {
        try await withLoop { loop in
            let actor = LoopActor(loop)
            #expect(await actor.isOnLoop())
            let value = try await loop.run {
                actor.assumeIsolated {
                    $0.count += 1; return $0.count
                }
            }
            #expect(value == 1)
        }
    }

    @Test func `work handed over by one thread runs in its order`() async throws {
        try await withLoop { loop in
            let done = Promise<[Int]>()
            let seen = Mutex<[Int]>([])
            for number in 0..<20_000 { loop.execute { seen.withLock { $0.append(number) } } }
            loop.execute { done.fulfil(seen.withLock { $0 }) }
            #expect(await done.wait() == Array(0..<20_000))
        }
    }

    @Test func `work handed over by many threads at once is run, all of it`() async throws {
        try await withLoop { loop in
            let count = Atomic(0)
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { @Sendable in
                        for _ in 0..<5_000 {
                            loop.execute { count.wrappingAdd(1, ordering: .relaxed) }
                        }
                    }
                }
            }
            _ = try await loop.run {}
            let total = count.load(ordering: .relaxed)
            #expect(total == 40_000)
        }
    }

    @Test func `work that makes new work for ever does not keep timers from firing`() async throws {
        try await withLoop { loop in
            let fired = Promise<Void>()
            let stopped = Atomic(false)
            try await loop.run {
                func again() {
                    if !stopped.load(ordering: .relaxed) { loop.executeLocally(again) }
                }
                again()
                var timer: LoopTimer?
                timer = try LoopTimer(loop: loop) {
                    stopped.store(true, ordering: .relaxed)
                    timer?.close()
                    timer = nil
                    fired.fulfil(())
                }
                timer?.arm(after: .milliseconds(5))
            }
            await fired.wait()
        }
    }

    @Test func `a loop that stops runs what was handed over before`() async throws {
        let loop = try EventLoop()
        let count = Atomic(0)
        for _ in 0..<10_000 { loop.execute { count.wrappingAdd(1, ordering: .relaxed) } }
        loop.stop()
        loop.stop()
        let total = count.load(ordering: .relaxed)
        #expect(total == 10_000)
    }

    @Test func `a job that comes after the end of its loop still completes its task`() async throws {
        let loop = try EventLoop()
        let gate = Promise<Void>()
        let task = Task(executorPreference: loop) {
            await gate.wait()
            return loop.isInLoop
        }
        _ = try await loop.run {}
        loop.stop()
        gate.fulfil(())
        #expect(await task.value == false)
    }

    @Test func `whoever waits for work that comes after the end of its loop hears of that`() async throws {
        let loop = try EventLoop()
        await loop.end()
        await #expect(throws: EventLoop.Ended.self) { try await loop.run {} }
    }

    @Test func `work that is handed over while its loop ends is called once, all of it`() async throws {
        for _ in 0..<20 {
            let loop = try EventLoop()
            let called = Atomic(0)
            await withTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask { @Sendable in
                        for _ in 0..<5_000 {
                            loop.handOver { _ in called.wrappingAdd(1, ordering: .relaxed) }
                        }
                    }
                }
                while called.load(ordering: .relaxed) == 0 { await Task.yield() }
                await loop.end()
            }
            let total = called.load(ordering: .relaxed)
            #expect(total == 10_000)
        }
    }

    @Test func `a thread that gets the number of an ended loop's is not taken for it`() async throws {
        let ended = try EventLoop()
        ended.stop()
        // The system gives a new thread the memory of the last one, and by that its number.
        for _ in 0..<20 {
            try await withLoop { loop in
                let isTakenForIt = try await loop.run { ended.isInLoop }
                #expect(!isTakenForIt)
            }
        }
    }

    @Test func `handles that nobody closed are closed by the end of the loop, and counted`() async throws {
        let loop = try EventLoop()
        try await loop.run {
            let timer = try LoopTimer(loop: loop) {}
            timer.arm(after: .seconds(1000))
        }
        loop.stop()
        #expect(loop.census.abandoned == 1)
        #expect(loop.census.live == 0)
        #expect(!loop.census.isBalanced)
    }

    @Test func `what the close of an abandoned handle makes ready runs before the loop ends`() async throws {
        let loop = try EventLoop()
        let ran = Atomic(false)
        let probe = StreamProbe()
        let task = Task(executorPreference: loop) {
            _ = await probe.ended.wait()
            ran.store(loop.isInLoop, ordering: .relaxed)
        }
        try await loop.run {
            var pipe = try PipePair()
            let stream = try ByteStream.adopt(pipe: pipe.takeReadEnd(), loop: loop)
            stream.delegate = probe
            stream.startReading()
            try ByteStream.adopt(pipe: pipe.takeWriteEnd(), loop: loop).startReading()
        }
        loop.stop()
        await task.value
        let didRun = ran.load(ordering: .relaxed)
        #expect(didRun)
    }
}

private actor LoopActor {
    private let loop: EventLoop
    var count = 0

    init(_ loop: EventLoop) { self.loop = loop }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    func isOnLoop() -> Bool { loop.isInLoop }
}
