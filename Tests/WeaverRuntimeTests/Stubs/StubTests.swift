import Dispatch
import Foundation
import Synchronization
import Testing
import WeaverCore
import WeaverLoop
import WeaverRuntime

@Suite("client stub, server stub")
struct RemoteStubTests {
    private let shop: any Shop
    private let transport: Loopback

    init() async throws {
        ErrorRegistry.shared.register(LinkedRecords.all.errors)
        ErrorRegistry.shared.register(ShopComponent.info.errors)
        let record = ActorShop.implementationRecord
        transport = Loopback(record, try await ComponentContext.construct(ActorShop.self))
        shop = ShopComponent.clientStub(ComponentClient(info: record.component, transport: transport), nil)
    }

    @Test("arguments and results pass, overloads are told apart by their types")
    func roundTrip() async throws {
        let drinks = Category(id: 3, name: "drinks", parent: nil)
        try await shop.put(drinks, at: 3)
        #expect(try await shop.get(3) == drinks)
        #expect(try await shop.get(4) == nil)
        #expect(try await shop.get("drinks") == [drinks])
    }

    @Test("tuples are taken apart, labels and order kept")
    func tuples() async throws {
        let (name, number) = try await shop.pair((7, name: "seven"))
        #expect(name == "seven" && number == 7)
    }

    @Test("a @Serializable error arrives as itself")
    func serializableError() async {
        await #expect(throws: ShopError.unknown(7, reason: "gone")) { try await shop.fail(with: 0) }
    }

    @Test("a Codable error named by @Component(errors:) arrives as itself")
    func namedError() async {
        await #expect(throws: StockError.soldOut) { try await shop.fail(with: 1) }
    }

    @Test("any other error arrives in words")
    func unknownError() async throws {
        let error = await #expect(throws: RemoteError.self) { try await shop.fail(with: 2) }
        #expect(error?.typeName.hasSuffix("PlainError") == true)
    }

    @Test("arguments with bytes left over or cut off are refused")
    func hostileArguments() async throws {
        let implementation: any Shop = try await ComponentContext.construct(ActorShop.self)
        let head = CallHead(id: 1, context: CallContext(), sink: Answer(ReplyReceiver { _, _ in }))
        for bytes in [[UInt8](repeating: 0, count: 9), [1]] {
            #expect(throws: WireError.self) {
                _ = try WireDecoder.withDecoder(over: unsafe bytes.span.bytes) { wire throws(WireError) in
                    try ShopComponent.serverStub(implementation, nil)[0].accept(&wire, head)
                }
            }
        }
    }

    @Test("the client and the server compute the same routing key, none where the router gives nil")
    func routing() async throws {
        let record = PoolStructShop.implementationRecord
        let transport = Loopback(record, try await ComponentContext.construct(PoolStructShop.self))
        let client = ComponentClient(info: record.component, transport: transport)
        let shop = try #require(record.clientStub(client) as? any Shop)
        _ = try await shop.get(1)
        _ = try await shop.get(1)
        _ = try await shop.get("1")
        _ = try await shop.pair((1, name: ""))
        let keys = transport.routingKeys.withLock { $0 }
        #expect(keys[0] != nil && keys[0] == keys[1] && keys[2] != nil && keys[2] != keys[0] && keys[3] == nil)
        #expect(record.isRouted && !ActorShop.implementationRecord.isRouted)
    }

    @Test("what @Component knows of the interface")
    func info() {
        let info = ShopComponent.info
        #expect(info.name == "WeaverRuntimeTests.Shop")
        #expect(
            info.methods.map(\.name) == [
                "get(_:)", "put(_:at:)", "get(_:)", "pair(_:)", "fail(with:)", "thread()", "wait()",
            ])
        #expect(Set(info.methods.map(\.key)).count == info.methods.count)
        #expect(info.methods.map(\.isIdempotent) == [true, false, false, false, false, false, false])
        #expect(info.methods[1].deadline == .seconds(5))
        #expect(info.methods[0].key == MethodKey(signature: "WeaverRuntimeTests.Shop/get(_:)(Int)->Category?"))
        #expect(info.location.file.hasSuffix("Shop.swift"))
    }
}

@Suite("local stub")
struct LocalStubTests {
    private func local(
        _ implementation: any Implementation, _ record: ImplementationRecord, on loop: EventLoop
    ) throws -> (any Shop, LocalLink) {
        let link = LocalLink(info: record.component, runsOn: record.runsOn, loop: loop)
        return (try #require(record.localStub(implementation, link) as? any Shop), link)
    }

    @Test("every call is counted, one in 64 is timed, errors pass as they are")
    func counting() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let (shop, link) = try local(
            try await ComponentContext.construct(ActorShop.self), ActorShop.implementationRecord, on: loop)
        for id in 0..<129 { _ = try await shop.get(id) }
        #expect(link.counts(of: 0).calls == 129)
        #expect(link.counts(of: 0).samples == 3)
        await #expect(throws: PlainError.self) { try await shop.fail(with: 2) }
        #expect(link.counts(of: 4).errors == 1)
    }

    @Test("the deadline of withCall ends the wait and cancels the call", .timeLimit(.minutes(1)))
    func deadline() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let (shop, link) = try local(
            try await ComponentContext.construct(ActorShop.self), ActorShop.implementationRecord, on: loop)
        let error = await #expect(throws: CallError.self) {
            try await withCall(deadline: .milliseconds(20)) { try await shop.wait() }
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.mayHaveRun == true)
        #expect(link.counts(of: 6).errors == 1)
        let late = await #expect(throws: CallError.self) {
            try await withCall(deadline: .zero) { _ = try await shop.get(1) }
        }
        #expect(late?.mayHaveRun == false)
    }

    @Test("cancelling the caller cancels a call that runs on the pool", .timeLimit(.minutes(1)))
    func cancellation() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let (shop, _) = try local(
            try await ComponentContext.construct(PoolClassShop.self), PoolClassShop.implementationRecord, on: loop)
        let task = Task { try await shop.wait() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("runsOn: .pool leaves the loop's thread and comes back to it, for actor, class and struct")
    func pool() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let implementations: [(any Implementation, ImplementationRecord)] = [
            (try await ComponentContext.construct(PoolActorShop.self), PoolActorShop.implementationRecord),
            (try await ComponentContext.construct(PoolClassShop.self), PoolClassShop.implementationRecord),
            (try await ComponentContext.construct(PoolStructShop.self), PoolStructShop.implementationRecord),
        ]
        for (implementation, record) in implementations {
            let (shop, _) = try local(implementation, record, on: loop)
            let (before, inside, after) = try await Task(executorPreference: loop) {
                let before = currentThread()
                let inside = try await shop.thread()
                return (before, inside, currentThread())
            }.value
            #expect(before == after, "\(record.implementation)")
            #expect(before != inside, "\(record.implementation)")
        }
        let (shop, _) = try local(
            try await ComponentContext.construct(ActorShop.self), ActorShop.implementationRecord, on: loop)
        let (before, inside) = try await Task(executorPreference: loop) {
            (currentThread(), try await shop.thread())
        }.value
        #expect(before == inside)
    }

    @Test("a call within a call that has a deadline already gets no task of its own", .timeLimit(.minutes(1)))
    func watchedDeadline() async throws {
        let loop = try EventLoop()
        defer { loop.stop() }
        let (_, link) = try local(
            try await ComponentContext.construct(ActorShop.self), ActorShop.implementationRecord, on: loop)
        let context = CallContext(deadline: loop.now + .seconds(60))
        #expect(CallContext.with(context) { link.begin(0) } == nil)
        #expect(CallContext.with(context.watched) { link.begin(0) } != nil)
        // A task that has inherited the context is not the one that is cancelled.
        let other = await CallContext.with(context.watched) { await Task { link.begin(0) }.value }
        #expect(other == nil)
        // One that comes before is nobody's yet.
        let nearer = context.watched.limited(to: loop.now + .seconds(1))
        #expect(CallContext.with(nearer) { link.begin(0) } == nil)
    }

    @Test("a deadline ends the wait although every thread of the pool is blocked", .timeLimit(.minutes(1)))
    func deadlineWithBlockedPool() async {
        // In a process of its own: the pool is everybody's.
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let record = PoolClassShop.implementationRecord
            let link = LocalLink(info: record.component, runsOn: record.runsOn, loop: loop)
            let implementation = try await ComponentContext.construct(PoolClassShop.self)
            let shop = try #require(record.localStub(implementation, link) as? any Shop)
            // All of it on the loop: nothing of this may need the pool before it is released.
            let code = await Task(executorPreference: loop) { () -> CallError.Code? in
                let blocked = BlockedPool()
                defer { blocked.release() }
                do {
                    try await withCall(deadline: .milliseconds(20)) { try await shop.wait() }
                    return nil
                } catch {
                    return (error as? CallError)?.code
                }
            }.value
            precondition(code == .deadlineExceeded, "\(String(describing: code))")
            loop.stop()
        }
    }
}

/// Blocks every thread of the concurrent pool until it is released.
private final class BlockedPool: Sendable {
    private let started = DispatchSemaphore(value: 0)
    private let gate = DispatchSemaphore(value: 0)
    private let width = ProcessInfo.processInfo.activeProcessorCount

    init() {
        for _ in 0..<width {
            Task.detached { [started, gate] in
                started.signal()
                Self.wait(for: gate)
            }
        }
        for _ in 0..<width { started.wait() }
    }

    private static func wait(for gate: DispatchSemaphore) { gate.wait() }

    func release() {
        for _ in 0..<width { gate.signal() }
    }
}
