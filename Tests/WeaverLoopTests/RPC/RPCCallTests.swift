import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct RPCCallTests {
    @Test(arguments: [TestMethod.echo, .pooled, .suspending])
    func `what a method returns arrives, wherever it runs`(_ method: TestMethod) async throws {
        try await withRPC { _, channel, _ in
            for size in [0, 1, 64, 5_000] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
                let answer = try await channel.call(method, bytes)
                #expect(answer == bytes)
            }
        }
    }

    @Test func `a large argument and result come through, read into their own storage`() async throws {
        try await withRPC { _, channel, _ in
            let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 13) }
            let answer = try await channel.call(.echo, bytes)
            #expect(answer == bytes)
        }
    }

    @Test func `a thousand calls at once get each its own answer`() async throws {
        try await withRPC { _, channel, _ in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let bytes = (0..<number % 100).map { _ in UInt8(truncatingIfNeeded: number) }
                        let method: TestMethod = number % 3 == 0 ? .suspending : .echo
                        return try await channel.call(method, bytes) == bytes
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(channel.callsInFlight == 0)
        }
    }

    @Test func `calls made on the client's loop are answered without leaving it`() async throws {
        try await withLoop { loop in
            let record = Record()
            let server = try await RPCServer.start(
                loop: loop, hello: .test(), dispatcher: TestDispatcher(record: record))
            let channel = RPCChannel(loop: loop, address: server.address, hello: try .test())
            try await Task(executorPreference: loop) {
                for number in 0..<100 {
                    let answer = try await channel.call(.echo, [UInt8(number)])
                    #expect(answer == [UInt8(number)])
                    #expect(loop.isInLoop)
                }
            }.value
            await channel.close()
            await server.close()
        }
    }

    @Test func `an error of an unregistered type arrives as words`() async throws {
        try await withRPC { _, channel, _ in
            let error = await #expect(throws: RemoteError.self) { try await channel.call(.throwing) }
            #expect(error?.typeName.hasSuffix("Unregistered") == true)
        }
    }

    @Test func `an error of a registered type arrives as itself`() async throws {
        struct Own: Error, Equatable { let text: String }
        try await withRPC { server, _, _ in
            let channel = RPCChannel(loop: server.loop, address: server.address, hello: try .test()) { key, wire in
                key == 7 ? Own(text: try String(wire: &wire)) : nil
            }
            await #expect(throws: Own(text: "own")) {
                try await channel.call(
                    TestMethod.registered.key, context: CallContext(),
                    encode: { wire throws(WireError) in try [UInt8]().encode(wire: &wire) },
                    decode: { _ in })
            }
            await channel.close()
        }
    }

    @Test func `deadline, metadata and trace are the callee's context`() async throws {
        try await withRPC { server, channel, _ in
            let context = CallContext(
                deadline: server.loop.now + .seconds(60), metadata: ["user": "ada"],
                trace: TraceContext(traceID: 5, spanID: 42, flags: 1))
            let seen = try await channel.call(
                TestMethod.context.key, context: context,
                encode: { wire throws(WireError) in try [UInt8]().encode(wire: &wire) },
                decode: { wire throws(WireError) in
                    (try [String: String](wire: &wire), try Bool(wire: &wire), try wire.read(UInt64.self))
                })
            #expect(seen.0 == ["user": "ada"])
            #expect(seen.1)
            #expect(seen.2 == 42)
        }
    }

    @Test func `an unknown method and unread arguments are refused, and did not run`() async throws {
        try await withRPC { _, channel, _ in
            for (key, extra, code) in [
                (MethodKey(signature: "none"), false, CallError.Code.unknownMethod),
                (TestMethod.echo.key, true, .badArguments),
            ] {
                let error = await #expect(throws: CallError.self) {
                    try await channel.call(
                        key, context: CallContext(),
                        encode: { wire throws(WireError) in
                            try [UInt8]().encode(wire: &wire)
                            if extra { wire.append(1 as UInt8) }
                        }, decode: { _ in })
                }
                #expect(error?.code == code)
                #expect(error?.mayHaveRun == false)
            }
        }
    }

    @Test func `arguments that cannot be encoded fail the call and leave the connection usable`() async throws {
        try await withRPC { _, channel, _ in
            _ = try await channel.call(.echo)
            let error = await #expect(throws: CallError.self) {
                try await channel.call(
                    TestMethod.echo.key, context: CallContext(),
                    encode: { wire throws(WireError) in
                        wire.append(1 as UInt64)
                        throw WireError(.tooLong, "on purpose")
                    }, decode: { _ in })
            }
            #expect(error?.code == .badArguments)
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `a result with bytes left is refused`() async throws {
        try await withRPC { _, channel, _ in
            let error = await #expect(throws: CallError.self) {
                try await channel.call(
                    TestMethod.echo.key, context: CallContext(),
                    encode: { wire throws(WireError) in try [1, 2, 3 as UInt8].encode(wire: &wire) }, decode: { _ in })
            }
            #expect(error?.code == .badReply)
            #expect(error?.mayHaveRun == true)
        }
    }
}
