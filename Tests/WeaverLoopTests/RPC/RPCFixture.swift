import Synchronization
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

/// The methods that the tests' server has.
enum TestMethod: String, CaseIterable {
    /// Gives back its bytes.
    case echo
    /// Gives back its bytes after having run on the pool.
    case pooled
    /// Gives back its bytes after a suspension.
    case suspending
    /// Never answers, until it is cancelled.
    case hang
    /// Answers when the fixture's gate opens.
    case gated
    /// Gives a thousand bytes.
    case grow
    /// Throws an error of an unregistered type.
    case throwing
    /// Throws an error that is registered under the key 7.
    case registered
    /// Gives back the metadata and whether there was a deadline, as the callee sees them.
    case context

    var key: MethodKey { MethodKey(signature: rawValue) }

    static let byKey = Dictionary(uniqueKeysWithValues: allCases.map { ($0.key, $0) })
}

/// What the tests' methods leave behind.
final class Record: Sendable {
    let cancelled = Mutex(0)
    let started = Mutex(0)
    let gate = Gate()

    var cancelledCount: Int { cancelled.withLock { $0 } }
    var startedCount: Int { started.withLock { $0 } }
}

/// Lets everything through once it is open.
final class Gate: Sendable {
    private let state = Mutex<(open: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.open { state.waiting.append(continuation) }
                return state.open
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            state.open = true
            return exchange(&state.waiting, with: [])
        }
        for continuation in waiting { continuation.resume() }
    }
}

struct Unregistered: Error {}

private final class TestCall: ServerCall, @unchecked Sendable {
    let test: TestMethod
    let bytes: [UInt8]

    init(_ head: CallHead, _ test: TestMethod, _ bytes: [UInt8]) {
        self.test = test
        self.bytes = bytes
        super.init(head)
    }
}

final class TestDispatcher: RPCDispatcher {
    let record: Record

    private let onLoop: ServerMethodRunner
    private let onPool: ServerMethodRunner

    init(record: Record) {
        self.record = record
        onLoop = Self.runner(.loop, record)
        onPool = Self.runner(.pool, record)
    }

    private static func runner(_ placement: CallPlacement, _ record: Record) -> ServerMethodRunner {
        ServerMethodRunner(placement: placement, label: nil) { calls in
            while let call = calls.next() as? TestCall {
                record.started.withLock { $0 += 1 }
                await run(call.test, call.bytes, call, record)
            }
        }
    }

    func dispatch(
        _ key: MethodKey, arguments: inout WireDecoder, head: CallHead
    ) throws(CallError) -> ServerCall {
        guard let method = TestMethod.byKey[key] else { throw CallError(.unknownMethod, "no such method") }
        do {
            let call = TestCall(head, method, try [UInt8](wire: &arguments))
            call.method = method == .pooled ? onPool : onLoop
            return call
        } catch {
            throw CallError(.badArguments, "\(error)")
        }
    }

    private static func run(_ method: TestMethod, _ bytes: [UInt8], _ call: ServerCall, _ record: Record) async {
        switch method {
        case .echo, .pooled: break
        case .suspending: await Task.yield()
        case .hang:
            await withTaskCancellationHandler {
                while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) }
            } onCancel: {
                record.cancelled.withLock { $0 += 1 }
            }
        case .gated: await record.gate.pass()
        case .grow:
            return call.reply { wire throws(WireError) in
                try [UInt8](repeating: 1, count: 1000).encode(wire: &wire)
            }
        case .throwing: return call.fail(Unregistered())
        case .registered:
            return call.fail(registeredError: 7) { wire throws(WireError) in try "own".encode(wire: &wire) }
        case .context:
            let context = CallContext.current
            return call.reply { wire throws(WireError) in
                try context.metadata.encode(wire: &wire)
                try (context.deadline != nil).encode(wire: &wire)
                wire.append(context.trace?.spanID ?? 0)
            }
        }
        call.reply { wire throws(WireError) in try bytes.encode(wire: &wire) }
    }
}

extension Hello {
    static func test(
        secret: UInt8 = 1, version: String = "build-1", protocols: ClosedRange<UInt16> = Hello.supportedVersions
    ) throws -> Hello {
        Hello(
            secret: try #require(DeploymentSecret(bytes: [UInt8](repeating: secret, count: 32))), version: version,
            name: "test", reachable: ["Test.Echo"], protocolVersions: protocols)
    }
}

extension RPCChannel {
    /// Calls a test method that takes and gives bytes.
    func call(_ method: TestMethod, _ bytes: [UInt8] = [], context: CallContext = CallContext()) async throws -> [UInt8]
    {
        try await call(
            method.key, context: context, encode: { wire throws(WireError) in try bytes.encode(wire: &wire) },
            decode: { wire throws(WireError) in try [UInt8](wire: &wire) })
    }
}

/// A server on one loop and a channel to it on another; both loops end with a balanced census.
func withRPC(
    limits: RPCLimits = RPCLimits(), clientLimits: RPCLimits? = nil, clientHello: Hello? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (RPCServer, RPCChannel, Record) async throws -> Void
) async throws {
    let record = Record()
    try await withLoop(sourceLocation: sourceLocation) { serverLoop in
        try await withLoop(sourceLocation: sourceLocation) { clientLoop in
            let server = try await RPCServer.start(
                loop: serverLoop, hello: .test(), limits: limits, dispatcher: TestDispatcher(record: record))
            let channel = RPCChannel(
                loop: clientLoop, address: server.address, hello: try clientHello ?? .test(),
                limits: clientLimits ?? limits)
            do {
                try await body(server, channel, record)
            } catch {
                record.gate.open()
                await channel.close()
                await server.close()
                throw error
            }
            record.gate.open()
            await channel.close()
            await server.close()
        }
    }
}
