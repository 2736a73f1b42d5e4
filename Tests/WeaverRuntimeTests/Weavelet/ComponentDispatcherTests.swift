import TestSupport
import Testing
import WeaverLoop

@testable import WeaverCore
@testable import WeaverRuntime

@Suite struct ComponentDispatcherTests {
    private final class Sink: ServerReplySink, Sendable {
        func answer(
            _ call: ServerCall, _ kind: FrameKind, _ payload: (inout WireEncoder) throws(WireError) -> Void
        ) {}
        func ended(_ call: ServerCall) {}
    }

    /// What a peer that may reach `reachable` is answered when it calls a method of the till.
    private func dispatch(_ loop: EventLoop, reachable: [String], hasStarted: Bool) async throws -> CallError? {
        let record = TillService.implementationRecord
        let dispatcher = ComponentDispatcher(loop: loop, hosting: [record])
        if hasStarted {
            await dispatcher.start(record, try await ComponentContext.construct(TillService.self))
        }
        let method = try #require(record.component.methods.first)
        return try await loop.run {
            let session = dispatcher.session(
                for: HelloPeer(version: "1", name: "peer", reachable: reachable, protocolVersion: 1))
            var output = OutputBuffer()
            output.withEncoder { wire in try? 2.encode(wire: &wire) }
            return output.withBytes { bytes in
                WireDecoder.withDecoder(over: bytes) { wire in
                    let head = CallHead(id: 1, context: CallContext(), sink: Sink())
                    do throws(CallError) {
                        _ = try session.dispatch(method.key, arguments: &wire, head: head)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
        }
    }

    @Test func `a peer reaches only the components that its hello names`() async throws {
        try await withLoop { loop in
            let refused = try await dispatch(loop, reachable: [Orchard.stock], hasStarted: true)
            #expect(refused?.code == .notPermitted)
            #expect(refused?.message.contains("peer has no ref to \(Orchard.till)") == true)
            #expect(try await dispatch(loop, reachable: [], hasStarted: true)?.code == .notPermitted)
            #expect(try await dispatch(loop, reachable: [Orchard.till], hasStarted: true) == nil)
        }
    }

    @Test func `a component that has not started has certainly not run the call`() async throws {
        try await withLoop { loop in
            let error = try await dispatch(loop, reachable: [Orchard.till], hasStarted: false)
            #expect(error?.code == .unreachable && error?.mayHaveRun == false)
        }
    }

    // MARK: Load

    /// Sends calls of `get(_: Int)` with these ids, one after another, to a routed component that runs on the pool.
    private func call(_ dispatcher: ComponentDispatcher, _ loop: EventLoop, ids: [Int]) async throws {
        let record = PoolStructShop.implementationRecord
        let method = try #require(record.component.methods.first { $0.name == "get(_:)" })
        try await loop.run {
            for id in ids {
                var output = OutputBuffer()
                output.withEncoder { wire in try? id.encode(wire: &wire) }
                output.withBytes { bytes in
                    WireDecoder.withDecoder(over: bytes) { wire in
                        let head = CallHead(id: 1, context: CallContext(), sink: Sink())
                        do throws(CallError) {
                            _ = try dispatcher.dispatch(method.key, arguments: &wire, head: head)
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
            }
        }
    }

    @Test func `calls of a routed component are counted by the slices that it was assigned, owned or not`() async throws
    {
        try await withLoop { loop in
            let record = PoolStructShop.implementationRecord
            let dispatcher = ComponentDispatcher(loop: loop, hosting: [record, TillService.implementationRecord])
            await dispatcher.start(record, PoolStructShop())
            let key = try #require(RoutingHasher.hash(3))
            let slices = [KeySlice(start: 0, replicas: ["us"]), KeySlice(start: key, replicas: ["others"])]
            let assignment = try #require(Assignment(version: 4, slices: slices))
            // Before the assignment is known there is nothing to count by.
            try await call(dispatcher, loop, ids: [1])
            let first = try await loop.run {
                let first = dispatcher.takeLoad()
                dispatcher.assign(assignment, to: record.component.name)
                dispatcher.assign(assignment, to: TillService.implementationRecord.component.name)
                dispatcher.assign(assignment, to: "no such component")
                return first
            }
            #expect(first.isEmpty)
            let ids = [1, 2, 3, 3, 3]
            try await call(dispatcher, loop, ids: ids)
            let report = try await nextReport(dispatcher, loop)
            #expect(report.component == record.component.name)
            #expect(report.version == 4)
            #expect(report.slices.map(\.calls).reduce(0, +) == 5)
            let upper = try #require(report.slices.last)
            #expect(upper.first == key)
            #expect(Int(upper.calls) == ids.count { RoutingHasher.hash($0) ?? 0 >= key })
            #expect(upper.hotKeys.first == KeyCalls(key: key, calls: 3))
            // What was told is not told again.
            #expect(try await nextReport(dispatcher, loop).slices.isEmpty)
        }
    }

    /// The one report that comes as soon as a millisecond has passed.
    private func nextReport(_ dispatcher: ComponentDispatcher, _ loop: EventLoop) async throws -> LoadReport {
        while true {
            let reports = try await loop.run { dispatcher.takeLoad() }
            if let report = reports.first {
                #expect(reports.count == 1)
                return report
            }
            await Task.yield()
        }
    }
}
