import TestSupport
import Testing
import WeaverLoop

@testable import WeaverRuntime

@Component
protocol Placed: Sendable {
    /// The threads of the method's beginning, of what follows a suspension, and of a child task.
    func threads() async throws -> [String]
}

private nonisolated(nonsending) func work() async -> [String] {
    let beginning = currentThread()
    await Task.yield()
    async let child = currentThread()
    return [beginning, currentThread(), await child]
}

@Implements(Placed.self)
actor LoopActor: Placed {
    func threads() async throws -> [String] { await work() }
}

@Implements(Placed.self)
final class LoopClass: Placed {
    func threads() async throws -> [String] { await work() }
}

@Implements(Placed.self)
struct LoopStruct: Placed {
    func threads() async throws -> [String] { await work() }
}

@Implements(Placed.self, runsOn: .pool)
actor PoolActor: Placed {
    func threads() async throws -> [String] { await work() }
}

@Implements(Placed.self, runsOn: .pool)
final class PoolClass: Placed {
    func threads() async throws -> [String] { await work() }
}

@Implements(Placed.self, runsOn: .pool)
struct PoolStruct: Placed {
    func threads() async throws -> [String] { await work() }
}

/// Where methods run, and that their callers stay where they are: for an actor, a class and a struct, on the loop and on
/// the pool, called within the process and from another one.
@Suite("where methods run", .timeLimit(.minutes(1)))
struct PlacementTests {
    /// Calls on the loop of the caller. Gives where the method was; the caller has to be on its loop before and after.
    private func call(_ reference: any Placed, on loop: EventLoop) async throws -> [String] {
        try await Task(executorPreference: loop) {
            #expect(loop.isInLoop)
            let threads = try await reference.threads()
            #expect(loop.isInLoop)
            return threads
        }.value
    }

    private func expect(_ threads: [String], _ record: ImplementationRecord, loop: EventLoop) async throws {
        let loopThread = try await loop.run { currentThread() }
        #expect(threads.count == 3)
        switch record.runsOn {
        case .loop: #expect(Set(threads) == [loopThread], "\(record.implementation)")
        case .pool: #expect(!threads.contains(loopThread), "\(record.implementation)")
        }
    }

    private func remote<I: Implementation>(_ type: I.Type) async throws {
        try await withRemote(PlacedComponent.self, type) { link in
            let threads = try await call(link.reference, on: link.client)
            try await expect(threads, I.implementationRecord, loop: link.server)
            let client = try await link.client.run { currentThread() }
            #expect(!threads.contains(client))
        }
    }

    private func local<I: Implementation>(_ type: I.Type) async throws {
        let record = I.implementationRecord
        try await withLoop { loop in
            let link = LocalLink(info: record.component, runsOn: record.runsOn, loop: loop)
            let stub = record.localStub(try await ComponentContext.construct(type), link)
            let threads = try await call(try #require(stub as? any Placed), on: loop)
            try await expect(threads, record, loop: loop)
            // A deadline gives the call a task of its own, which has to be in the same place.
            let bounded = try await withCall(deadline: .seconds(60)) {
                try await call(try #require(stub as? any Placed), on: loop)
            }
            try await expect(bounded, record, loop: loop)
        }
    }

    /// A call from each of two loops, with and without a deadline, is on the caller's loop or on the pool.
    private func betweenLoops<I: Implementation>(_ type: I.Type) async throws {
        let record = I.implementationRecord
        try await withLoop { first in
            try await withLoop { second in
                let link = LocalLink(
                    info: record.component, runsOn: record.runsOn, loops: EventLoops(first, [second]),
                    calls: CallRecorder(record.component))
                let stub = record.localStub(try await ComponentContext.construct(type), link)
                let placed = try #require(stub as? any Placed)
                for loop in [first, second] {
                    try await expect(try await call(placed, on: loop), record, loop: loop)
                    let bounded = try await withCall(deadline: .seconds(60)) { try await call(placed, on: loop) }
                    try await expect(bounded, record, loop: loop)
                }
            }
        }
    }

    @Test("between loops: an actor") func loopsActor() async throws { try await betweenLoops(LoopActor.self) }
    @Test("between loops: a class") func loopsClass() async throws { try await betweenLoops(LoopClass.self) }
    @Test("between loops: a struct") func loopsStruct() async throws { try await betweenLoops(LoopStruct.self) }
    @Test("between loops: an actor on the pool") func loopsPool() async throws {
        try await betweenLoops(PoolActor.self)
    }

    @Test("by RPC: an actor on the loop") func loopActor() async throws { try await remote(LoopActor.self) }
    @Test("by RPC: a class on the loop") func loopClass() async throws { try await remote(LoopClass.self) }
    @Test("by RPC: a struct on the loop") func loopStruct() async throws { try await remote(LoopStruct.self) }
    @Test("by RPC: an actor on the pool") func poolActor() async throws { try await remote(PoolActor.self) }
    @Test("by RPC: a class on the pool") func poolClass() async throws { try await remote(PoolClass.self) }
    @Test("by RPC: a struct on the pool") func poolStruct() async throws { try await remote(PoolStruct.self) }
    @Test("local: an actor on the loop") func localLoopActor() async throws { try await local(LoopActor.self) }
    @Test("local: a class on the loop") func localLoopClass() async throws { try await local(LoopClass.self) }
    @Test("local: a struct on the loop") func localLoopStruct() async throws { try await local(LoopStruct.self) }
    @Test("local: an actor on the pool") func localPoolActor() async throws { try await local(PoolActor.self) }
    @Test("local: a class on the pool") func localPoolClass() async throws { try await local(PoolClass.self) }
    @Test("local: a struct on the pool") func localPoolStruct() async throws { try await local(PoolStruct.self) }
}
