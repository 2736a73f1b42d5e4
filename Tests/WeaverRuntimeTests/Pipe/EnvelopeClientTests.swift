import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct EnvelopeClientTests {
    typealias Pipe = PipeConnection<WeaveletCodec, EnvelopeCodec>

    /// The deployer's end; belongs to the loop.
    private final class Deployer: @unchecked Sendable {
        // @unchecked: used on the loop's thread only, but for the promises.
        var pipe: Pipe?
        let reply = Promise<WeaveletMessage?>()
        let closed = Promise<String?>()
    }

    private func handlers(closed: Promise<String?> = Promise()) -> EnvelopeHandlers {
        EnvelopeHandlers(
            startComponents: { _, done in done(nil) }, routingInfo: { _ in }, reportLoad: { $0([]) }, drain: { $0() },
            shutdown: {},
            closed: { closed.fulfil($0) })
    }

    /// Opens pipes, sends a setup that offers `versions`, and gives the ends for the client.
    private func deployer(
        _ loop: EventLoop, versions: ClosedRange<UInt32>
    ) async throws -> (Deployer, (read: Int32, write: Int32)) {
        let deployer = Deployer()
        var setup = SetupInfo(
            application: "a", deployment: "d", replica: "r", group: ["main"],
            secret: [UInt8](repeating: 1, count: SetupInfo.secretLength), sections: [:], deadline: .seconds(1),
            reachable: [], routed: [])
        setup.protocolVersions = versions
        let sent = setup
        let ends = try await loop.run {
            var up = try PipePair()
            var down = try PipePair()
            let pipe = try Pipe(loop: loop, readDescriptor: up.takeReadEnd(), writeDescriptor: down.takeWriteEnd())
            pipe.onClose = { deployer.closed.fulfil($0) }
            deployer.pipe = pipe
            pipe.start()
            pipe.request(.setup(sent)) { deployer.reply.fulfil($0) }
            return (read: down.takeReadEnd(), write: up.takeWriteEnd())
        }
        return (deployer, ends)
    }

    @Test func `a client whose loop has ended refuses, closes and gives its pipes back`() async throws {
        try await withLoop { deployers in
            let loop = try EventLoop(name: "ended")
            let (peer, ends) = try await deployer(deployers, versions: PipeProtocol.supported)
            let (client, _, _) = try await EnvelopeClient.connect(loop: loop, descriptors: ends, handlers: handlers())
            await loop.end()
            await #expect(throws: EnvelopeError.gone) { try await client.startComponent("a") }
            await client.close()
            // The deployer sees the end of the pipes: nobody holds them any more.
            _ = await peer.closed.wait()
            let (late, lateEnds) = try await deployer(deployers, versions: PipeProtocol.supported)
            await #expect(throws: EnvelopeError.gone) {
                _ = try await EnvelopeClient.connect(loop: loop, descriptors: lateEnds, handlers: handlers())
            }
            _ = await late.closed.wait()
        }
    }

    @Test func `a protocol that does not match has reached the deployer when it is thrown`() async throws {
        try await withLoop { loop in
            let (deployer, ends) = try await deployer(loop, versions: 90...99)
            await #expect(throws: PipeProtocolMismatch.self) {
                _ = try await EnvelopeClient.connect(loop: loop, descriptors: ends, handlers: handlers())
            }
            // Nothing of the client is left that could still send it: the pipe has closed in order.
            guard case .refused(let reason) = await deployer.reply.wait() else {
                Issue.record("no refusal")
                return
            }
            #expect(
                reason.contains("speaks versions 90 to 99")
                    && reason.hasSuffix("rebuild the application with a newer WeaverRuntime"))
            #expect(await deployer.closed.wait() == nil)
        }
    }

    @Test func `requests that are open when the deployer goes fail, and those after it`() async throws {
        try await withLoop { loop in
            let (deployer, ends) = try await deployer(loop, versions: PipeProtocol.supported)
            let gone = Promise<String?>()
            let (client, setup, _) = try await EnvelopeClient.connect(
                loop: loop, descriptors: ends, handlers: handlers(closed: gone))
            #expect(setup.group == ["main"])
            let open = Task { try await client.startComponent("A") }
            try await loop.run { deployer.pipe?.close() }
            await #expect(throws: EnvelopeError.gone) { try await open.value }
            #expect(await gone.wait() == nil)
            await #expect(throws: EnvelopeError.gone) { try await client.startComponent("B") }
            await client.close()
        }
    }

    @Test func `an answer of another kind and a refusal are errors`() async throws {
        try await withLoop { loop in
            let (deployer, ends) = try await deployer(loop, versions: PipeProtocol.supported)
            try await loop.run {
                deployer.pipe?.onMessage = { id, message in
                    if case .startComponent = message {
                        deployer.pipe?.reply(to: id, .refused("no ref"))
                    } else {
                        deployer.pipe?.reply(to: id, .done)
                    }
                }
            }
            let (client, _, _) = try await EnvelopeClient.connect(
                loop: loop, descriptors: ends, handlers: handlers())
            await #expect(throws: EnvelopeError(description: "no ref")) { try await client.startComponent("A") }
            await #expect(throws: EnvelopeError(description: "the deployer gave an answer of another kind")) {
                _ = try await client.address(forListener: "door")
            }
            await client.close()
            #expect(await deployer.closed.wait() == nil)
        }
    }
}
