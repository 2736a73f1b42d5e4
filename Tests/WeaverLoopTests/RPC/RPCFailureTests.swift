import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct RPCFailureTests {
    @Test func `cancelling the caller's task cancels the callee's`() async throws {
        try await withRPC { _, channel, record in
            let task = Task { try await channel.call(.hang) }
            try await eventually("the call has started") { record.startedCount == 1 }
            task.cancel()
            let error = await #expect(throws: CallError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(error?.mayHaveRun == true)
            try await eventually("the callee was cancelled") { record.cancelledCount == 1 }
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `callers are looked at in the interval of the limits, and not between`() async throws {
        var limits = RPCLimits()
        limits.cancellationInterval = .seconds(3600)
        // Each look at the clock is one at the callers, too.
        limits.pingInterval = .seconds(3600)
        limits.silenceLimit = .seconds(7200)
        limits.connectTimeout = .seconds(3600)
        try await withRPC(clientLimits: limits) { _, channel, record in
            let task = Task { try await channel.call(.gated, [3]) }
            try await eventually("the call has started") { record.startedCount == 1 }
            task.cancel()
            for _ in 0..<20 { _ = try await channel.call(.echo) }
            record.gate.open()
            let answer = try await task.value
            #expect(answer == [3])
        }
    }

    @Test func `a task that is cancelled already makes no call`() async throws {
        try await withRPC { _, channel, record in
            let task: Task<[UInt8], any Error> = Task {
                unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
                return try await channel.call(.echo)
            }
            let error = await #expect(throws: CallError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(error?.mayHaveRun == false)
            #expect(record.startedCount == 0)
        }
    }

    @Test func `the deadline ends the call on both sides`() async throws {
        try await withRPC { server, channel, record in
            _ = try await channel.call(.echo)
            let error = await #expect(throws: CallError.self) {
                try await channel.call(.hang, context: CallContext(deadline: server.loop.now + .milliseconds(50)))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.mayHaveRun == true)
            try await eventually("the callee was cancelled") { record.cancelledCount == 1 }
            try await eventually("nothing runs") { try await server.loop.run { server.callsRunning } == 0 }
        }
    }

    @Test func `a deadline that has passed is noticed before anything is sent`() async throws {
        try await withRPC { server, channel, record in
            let error = await #expect(throws: CallError.self) {
                try await channel.call(.echo, context: CallContext(deadline: server.loop.now))
            }
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.mayHaveRun == false)
            #expect(record.startedCount == 0)
        }
    }

    @Test func `a peer that goes away mid-call fails it as possibly run, and the next connection works`() async throws {
        try await withRPC { server, channel, record in
            let task = Task { try await channel.call(.hang) }
            try await eventually("the call has started") { record.startedCount == 1 }
            let address = server.address
            await server.close()
            let error = await #expect(throws: CallError.self) { try await task.value }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveRun == true)
            let again = try await RPCServer.start(
                loop: server.loop, address: address, hello: .test(), dispatcher: TestDispatcher(record: record))
            try await eventually("the channel has connected again") {
                (try? await channel.call(.echo, [9])) == [9]
            }
            await again.close()
        }
    }

    @Test func `a call to nobody is unreachable and did not run`() async throws {
        // A port that somebody has left is soon another test's.
        try await withTemporaryFolder { folder in
            try await withLoop { loop in
                let channel = RPCChannel(loop: loop, address: .unix("\(folder)/nobody"), hello: try .test())
                let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
                #expect(error?.code == .unreachable)
                #expect(error?.mayHaveRun == false)
                await channel.close()
            }
        }
    }

    @Test func `a stranger with another secret is refused and told so`() async throws {
        try await withRPC(clientHello: .test(secret: 2)) { _, channel, record in
            let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
            #expect(error?.code == .notPermitted)
            #expect(error?.mayHaveRun == false)
            #expect(record.startedCount == 0)
        }
    }

    @Test func `another build is refused with both builds named`() async throws {
        try await withRPC(clientHello: .test(version: "build-2")) { _, channel, _ in
            let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
            #expect(error?.code == .versionMismatch)
            #expect(error?.message.contains("build-1") == true && error?.message.contains("build-2") == true)
        }
    }

    @Test func `a newer protocol is refused with the side to upgrade`() async throws {
        try await withRPC(clientHello: .test(protocols: 8...9)) { _, channel, _ in
            let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
            #expect(error?.code == .versionMismatch)
            #expect(error?.message.contains("upgrade the callee") == true)
        }
    }

    @Test func `a request over the frame limit is refused before it is sent`() async throws {
        var limits = RPCLimits()
        limits.maximumFrameLength = 1000
        try await withRPC(limits: limits) { _, channel, record in
            let error = await #expect(throws: CallError.self) {
                try await channel.call(.echo, [UInt8](repeating: 0, count: 1000))
            }
            #expect(error?.code == .frameTooLarge)
            #expect(error?.mayHaveRun == false)
            #expect(record.startedCount == 0)
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `a peer that sends a frame over the limit loses the connection and hears why`() async throws {
        var small = RPCLimits()
        small.maximumFrameLength = 1000
        try await withRPC(limits: small, clientLimits: RPCLimits()) { _, channel, _ in
            let error = await #expect(throws: CallError.self) {
                try await channel.call(.echo, [UInt8](repeating: 0, count: 2000))
            }
            #expect(error?.code == .connectionLost)
            #expect((error?.cause as? CallError)?.code == .frameTooLarge)
        }
    }

    @Test func `one call's fault leaves its neighbours free to be made again`() async throws {
        var small = RPCLimits()
        small.maximumFrameLength = 1000
        try await withRPC(limits: small, clientLimits: RPCLimits()) { server, channel, record in
            let neighbour = Task { try await channel.call(.hang) }
            try await eventually("the neighbour runs") { record.startedCount == 1 }
            _ = try? await channel.call(.echo, [UInt8](repeating: 0, count: 2000))
            let error = await #expect(throws: CallError.self) { try await neighbour.value }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveRun == true)
            // Refused during the wait before the next connection, which may be over, but not for what the other one did.
            do {
                _ = try await channel.call(.echo)
            } catch let error as CallError {
                #expect(error.code == .unreachable && !error.mayHaveRun, "\(error)")
            }
        }
    }

    @Test func `calls that end while a connection is being made give their memory back`() async throws {
        var limits = RPCLimits()
        limits.highWaterMark = 1 << 20
        // One connection for the whole test, however busy the machine is.
        limits.connectTimeout = .seconds(300)
        try await withLoop { loop in
            // Takes connections and says nothing.
            let silent = try await RawServer(loop: loop)
            let channel = RPCChannel(loop: loop, address: silent.address, hello: try .test(), limits: limits)
            // Each holds half of what may wait: the bytes of the expired ones must not count.
            for _ in 0..<4 {
                let error = await #expect(throws: CallError.self) {
                    try await channel.call(
                        .echo, [UInt8](repeating: 0, count: 600_000),
                        context: CallContext(deadline: loop.now + .milliseconds(10)))
                }
                #expect(error?.code == .deadlineExceeded)
                #expect(error?.mayHaveRun == false)
            }
            let waiting = (0..<2).map { _ in
                Task { try await channel.call(.echo, [UInt8](repeating: 0, count: 600_000)) }
            }
            try await eventually("both wait") { channel.callsInFlight == 2 }
            let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
            #expect(error?.code == .overloaded)
            await channel.close()
            for task in waiting { _ = try? await task.value }
            try await silent.accept()?.close()
            try await silent.close()
        }
    }

    @Test func `a result over the frame limit is an error, not a lost connection`() async throws {
        var small = RPCLimits()
        small.maximumFrameLength = 100
        try await withRPC(limits: small, clientLimits: RPCLimits()) { _, channel, _ in
            let error = await #expect(throws: CallError.self) { try await channel.call(.grow) }
            #expect(error?.code == .frameTooLarge)
            #expect(error?.mayHaveRun == true)
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `calls past the connection's limit are overloaded at once`() async throws {
        var limits = RPCLimits()
        limits.maximumCallsPerConnection = 2
        try await withRPC(limits: limits, clientLimits: RPCLimits()) { _, channel, record in
            let first = Task { try await channel.call(.gated) }
            let second = Task { try await channel.call(.gated) }
            try await eventually("both have started") { record.startedCount == 2 }
            let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
            #expect(error?.code == .overloaded)
            #expect(error?.mayHaveRun == false)
            record.gate.open()
            _ = try await (first.value, second.value)
            let answer = try await channel.call(.echo, [1])
            #expect(answer == [1])
        }
    }

    @Test func `a silent peer is lost within the bound`() async throws {
        var limits = RPCLimits()
        limits.pingInterval = .milliseconds(20)
        limits.silenceLimit = .milliseconds(60)
        try await withLoop { loop in
            // Accepts, and says nothing after its hello.
            let silent = try await loop.run { try SilentServer(loop: loop, hello: .test()) }
            let channel = RPCChannel(loop: loop, address: silent.address, hello: try .test(), limits: limits)
            let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
            #expect(error?.code == .connectionLost)
            #expect(error?.mayHaveRun == true)
            await channel.close()
            try await loop.run { silent.close() }
        }
    }

    @Test func `an idle connection is kept by pings`() async throws {
        var limits = RPCLimits()
        limits.pingInterval = .milliseconds(10)
        limits.silenceLimit = .milliseconds(2000)
        try await withRPC(limits: limits) { _, channel, record in
            let gated = Task { try await channel.call(.gated, [5]) }
            try await eventually("the call has started") { record.startedCount == 1 }
            // Longer than a silent peer is kept; much longer than the interval, so that a busy machine sends some in time.
            try await Task.sleep(for: limits.silenceLimit + .milliseconds(500))
            record.gate.open()
            let answer = try await gated.value
            #expect(answer == [5])
        }
    }

    @Test func `a draining server finishes its calls and refuses new ones as not run`() async throws {
        try await withRPC { server, channel, record in
            let running = Task { try await channel.call(.gated, [3]) }
            try await eventually("the call has started") { record.startedCount == 1 }
            let draining = Task { await server.drain() }
            try await eventually("the channel knows") { !channel.isUsable(now: server.loop.now) }
            let error = await #expect(throws: CallError.self) { try await channel.call(.echo) }
            #expect(error?.code == .draining)
            #expect(error?.mayHaveRun == false)
            record.gate.open()
            let answer = try await running.value
            #expect(answer == [3])
            await draining.value
            #expect(try await server.loop.run { server.connectionCount } == 0, "the caller has hung up before")
        }
    }

    @Test func `a caller that does not hang up holds a draining server up for no longer than the farewell`()
        async throws
    {
        var limits = RPCLimits()
        limits.farewell = .milliseconds(20)
        limits.connectTimeout = .seconds(60)
        try await withRPC(limits: limits) { server, channel, _ in
            _ = try await channel.call(.echo)
            // Connected, and neither greets nor leaves.
            let silent = try await RawPeer.connect(to: server.address, loop: server.loop)
            try await eventually("the server has both") { try await server.loop.run { server.connectionCount } == 2 }
            await server.drain()
            #expect(try await server.loop.run { server.connectionCount } == 1)
            try await silent.close()
        }
    }
}

/// Greets properly and then neither answers nor pings.
final class SilentServer: ByteStreamDelegate, @unchecked Sendable {
    // Used on the loop's thread only.
    private var listener: StreamListener?
    private var streams: [ByteStream] = []
    let address: SocketAddress

    init(loop: EventLoop, hello: Hello) throws {
        let box = BackReference<SilentServer>()
        let listener = try StreamListener(loop: loop, address: .ip("127.0.0.1", port: 0)) { stream in
            guard let server = box.object else { return stream.close() }
            server.streams.append(stream)
            stream.delegate = server
            stream.startReading()
            stream.write { output in
                output.withEncoder { wire in
                    try? wire.appendFrame(id: 0, kind: .hello, limit: .max) { wire throws(WireError) in
                        try hello.encode(wire: &wire)
                    }
                }
            }
        }
        self.listener = listener
        address = try #require(listener.address)
        box.object = self
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {}
    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) {}

    func close() {
        listener?.close()
        for stream in streams { stream.close() }
    }
}
