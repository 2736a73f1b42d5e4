import RPCTestProtocol
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

extension PeerProcesses {
    /// A real server process and bytes that no client of ours would send.
    @Suite struct HostileProcessTests {
        /// What the process may hold afterwards beyond what it held before.
        private static let maximumGrowth = 256 * 1024

        /// Bytes that end a connection, with the code that the server gives as its reason.
        private static func connectionEnders() throws -> [([UInt8], CallError.Code)] {
            let hello = try rawHello(.peer(name: "stranger"))
            let oversized = UInt64(RPCLimits().maximumFrameLength + 1)
            return [
                // A kind that there is not; a length over the limit of hellos, and the longest that there is.
                ([UInt8](repeating: 0xff, count: 16), .internalError),
                (try header(.hello, length: UInt64(RPCLimits.maximumHelloLength + 1)), .frameTooLarge),
                (try header(.hello, length: 1 << 56 - 1), .frameTooLarge),
                // A hello that ends in the middle, one of garbage, and requests before any.
                (rawFrame(.hello, id: 0, Array(hello.dropFirst(16).prefix(20))), .notPermitted),
                (rawFrame(.hello, id: 0, [UInt8](repeating: 0xa5, count: 1000)), .notPermitted),
                (rawFrame(.request, id: 1 << 32, []), .notPermitted),
                // Behind a hello that is right.
                (hello + hello, .internalError),
                (hello + rawFrame(.request, id: 0, request(.echo, [0, 0, 0, 0])), .internalError),
                (hello + (try header(.request, length: oversized)), .frameTooLarge),
                (hello + (try header(.request, length: 1 << 56 - 1)), .frameTooLarge),
                (hello + rawFrame(.goaway, id: 0, []), .internalError),
            ]
        }

        /// The payloads of requests that fail alone.
        private static func badRequests() throws -> [[UInt8]] {
            let hugeCount: [UInt8] = [0xff, 0xff, 0xff, 0xff]
            let badText = try rawBytes { wire throws(WireError) in
                wire.append(4 as UInt32)
                wire.append(0x80c0_fffe as UInt32)
            }
            // A tree of one child in the other, deeper than anything may be.
            let deep = [UInt8]((0..<200_000).flatMap { _ in [1, 0, 0, 0] as [UInt8] })
            // Metadata: a key that is no text, and more pairs than there may be.
            let head = Array(request(.echo, []).dropLast())
            return [
                [], [1, 2, 3], [UInt8](repeating: 0xff, count: 17),
                request(.echo, hugeCount), request(.echo, [5, 0, 0, 0, 1]), request(.echo, [0, 0, 0, 0, 1]),
                request(.run, badText), request(.run, hugeCount), request(.relay, hugeCount),
                request(.relay, [0, 0, 0, 0x10] + [UInt8](repeating: 0, count: 4096)),
                request(.tree, hugeCount), request(.tree, deep),
                head + [2, 1, 0] + badText + [0, 0, 0, 0], head + [2, 0xff, 0xff], head + [1, 7],
            ]
        }

        @Test func `bytes that are no protocol end their connection with a reason, and nothing else`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let set = peers.replicas(at: processes[0])
                _ = try await set.echo([1])
                for (bytes, code) in try Self.connectionEnders() {
                    let stranger = try await RawPeer.connect(to: processes[0].address, loop: loop)
                    try await stranger.send(bytes)
                    let answer = await stranger.receive { _, ended in ended }
                    #expect(rawErrors(in: answer)[0] == code, "\(bytes.prefix(80))")
                    try await stranger.close()
                }
                #expect(try await set.echo([2]) == [2])
            }
        }

        @Test func `requests that cannot be read are refused, and the connection goes on`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let set = peers.replicas(at: processes[0])
                let before = try await set.figures()
                let requests = try Self.badRequests()
                let stranger = try await RawPeer.connect(to: processes[0].address, loop: loop)
                try await stranger.send(try rawHello(.peer(name: "stranger")))
                for _ in 0..<20 {
                    try await stranger.forget()
                    for (slot, payload) in requests.enumerated() {
                        try await stranger.send(rawFrame(id: 1 << 32 | UInt64(slot), payload))
                    }
                    let answer = await stranger.receive { bytes, ended in
                        ended || rawErrors(in: bytes).count == requests.count
                    }
                    let errors = rawErrors(in: answer)
                    for slot in requests.indices {
                        #expect(errors[1 << 32 | UInt64(slot)] == .badArguments, "\(requests[slot].prefix(80))")
                    }
                }
                try await stranger.close()
                try await Self.expectFlat(set, before)
            }
        }

        @Test func `requests that are cut anywhere, or random, neither end the process nor stay in it`() async throws {
            try await withPeerProcesses { loop, peers, processes in
                let set = peers.replicas(at: processes[0])
                _ = try await set.echo([1])
                let hello = try rawHello(.peer(name: "stranger"))
                let whole = hello + rawFrame(id: 1 << 32, request(.echo, [3, 0, 0, 0, 1, 2, 3]))
                let before = try await set.figures()
                for cut in whole.indices {
                    try await Self.sendAndLeave(Array(whole[..<cut]), processes[0], loop)
                }
                var random = SystemRandomNumberGenerator()
                for _ in 0..<300 {
                    let seed = UInt64.random(in: .min ... .max, using: &random)
                    let bytes = noise(seed)
                    try await Self.sendAndLeave(
                        seed & 1 == 0 ? bytes : hello + rawFrame(.request, id: 1 << 32, bytes), processes[0], loop)
                    guard (try? await set.echo([1])) == [1] else {
                        Issue.record("the process has not survived noise(\(seed))")
                        return
                    }
                }
                try await Self.expectFlat(set, before)
            }
        }

        /// The process has given back what the strangers' connections took.
        private static func expectFlat(_ set: ReplicaSet, _ before: PeerFigures) async throws {
            try await eventually("the strangers' connections are gone") {
                try await set.figures().handles == before.handles
            }
            let after = try await set.figures()
            #expect(after.running == before.running)
            #expect(after.allocatedBytes - before.allocatedBytes <= maximumGrowth, "\(before) \(after)")
        }

        private static func sendAndLeave(
            _ bytes: [UInt8], _ process: PeerProcess, _ loop: EventLoop
        ) async throws {
            let stranger = try await RawPeer.connect(to: process.address, loop: loop)
            try await stranger.send(bytes)
            try await stranger.shutdown()
            _ = await stranger.receive { _, ended in ended }
            try await stranger.close()
        }
    }
}

/// A frame's header alone.
private func header(_ kind: FrameKind, length: UInt64) throws -> [UInt8] {
    try rawBytes { wire throws(WireError) in
        wire.append(0 as UInt64)
        wire.append(UInt64(kind.rawValue) | length << 8)
    }
}

/// The payload of a request without deadline, trace and metadata.
private func request(_ method: PeerMethod, _ arguments: [UInt8]) -> [UInt8] {
    var output = OutputBuffer()
    output.append(method.key.rawValue)
    output.append(0 as UInt64)
    output.append(0 as UInt8)
    output.append(arguments)
    return output.copyBytes()
}

/// Up to 300 bytes that the seed decides.
private func noise(_ seed: UInt64) -> [UInt8] {
    var state = seed
    func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
    return (0..<next() % 300).map { _ in UInt8(truncatingIfNeeded: next()) }
}
