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
}
