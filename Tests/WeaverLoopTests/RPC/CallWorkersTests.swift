import Synchronization
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

/// Tasks that run call after call: what one call leaves must not be seen by the next.
@Suite(.timeLimit(.minutes(1)))
struct CallWorkersTests {
    /// Runs every call by `body`, and answers nothing.
    private final class Dispatcher: RPCDispatcher {
        private let runner: ServerMethodRunner

        init(_ body: @escaping @Sendable () async -> Void) {
            runner = ServerMethodRunner(placement: .loop, label: nil) { calls in
                while let call = calls.next() {
                    await body()
                    call.reply { _ in }
                }
            }
        }

        func dispatch(
            _ key: MethodKey, arguments: inout WireDecoder, head: CallHead
        ) throws(CallError) -> ServerCall {
            let call = ServerCall(head)
            call.method = runner
            return call
        }
    }

    /// A server whose calls are run by `method`, and what calls it with one pair of metadata.
    private func withServer(
        _ method: @escaping @Sendable () async -> Void,
        _ body: (_ call: @escaping @Sendable (String) async throws -> Void) async throws -> Void
    ) async throws {
        try await withLoop { serverLoop in
            try await withLoop { clientLoop in
                let server = try await RPCServer.start(
                    loop: serverLoop, hello: .test(), dispatcher: Dispatcher(method))
                let channel = RPCChannel(loop: clientLoop, address: server.address, hello: try .test())
                do {
                    try await body { name in
                        try await channel.call(
                            TestMethod.echo.key, context: CallContext(metadata: ["name": name]), encode: { _ in },
                            decode: { _ in })
                    }
                } catch {
                    Issue.record(error)
                }
                await channel.close()
                await server.close()
            }
        }
    }

    private static var name: String? { CallContext.current.metadata["name"] }

    @Test func callsOfOneTaskAfterTheOtherHaveEachTheirOwnContext() async throws {
        let seen = Mutex<[String?]>([])
        try await withServer {
            seen.withLock { $0.append(Self.name) }
        } _: { call in
            for number in 0..<5 { try await call("\(number)") }
        }
        #expect(seen.withLock { $0 } == ["0", "1", "2", "3", "4"])
    }

    @Test func callsThatDoNotSuspendAreRunByOneTask() async throws {
        let tasks = Mutex<[CallContext.TaskIdentity?]>([])
        try await withServer {
            tasks.withLock { $0.append(.current) }
        } _: { call in
            for number in 0..<20 { try await call("\(number)") }
        }
        let all = tasks.withLock { $0 }
        #expect(all.count == 20)
        #expect(all.allSatisfy { $0 != nil && $0 == all.first })
    }

    @Test func aTaskThatOutlivesItsCallKeepsTheContextOfThatCall() async throws {
        let gate = Gate()
        let left = Mutex<[Task<String?, Never>]>([])
        try await withServer {
            let task = Task {
                await gate.pass()
                return Self.name
            }
            left.withLock { $0.append(task) }
        } _: { call in
            for number in 0..<3 { try await call("\(number)") }
            gate.open()
            for (number, task) in left.withLock({ $0 }).enumerated() { #expect(await task.value == "\(number)") }
        }
    }

    @Test func aSuspendedCallKeepsItsContextWhileOthersRun() async throws {
        let gate = Gate()
        let seen = Mutex<[String: String]>([:])
        try await withServer {
            let name = Self.name ?? ""
            if name == "first" { await gate.pass() }
            seen.withLock { $0[name] = Self.name }
        } _: { call in
            async let first: Void = call("first")
            for number in 0..<5 { try await call("\(number)") }
            gate.open()
            try await first
        }
        #expect(seen.withLock { $0.allSatisfy { $0 == $1 } && $0.count == 6 })
    }

}
