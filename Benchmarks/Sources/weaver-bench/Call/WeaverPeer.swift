import CPeer
import Peer
@_spi(Benchmarks) import WeaverRuntime

/// This project as a peer among others: the whole path of a call between two processes, from the typed client stub to
/// the component's async method and back, with deadlines, cancellation and trace context on.
enum WeaverPeer {
    /// The roles of the contract.
    static let roles: Set<String> = ["about", "serve", "run"]

    /// Nothing is secret between the two processes; it only has to be the same.
    static let secret = [UInt8](repeating: 0x5a, count: 32)

    /// No call of the benchmark takes that long; it is there because every call has one.
    private static let deadline = Duration.seconds(30)

    /// Does what the command line says, until the process is ended.
    static func main() async {
        do {
            switch Peer.fromCommandLine(about: "Weaver for Swift, this tree") {
            case .serve(_, let socket):
                let weavelet = try BenchmarkWeavelet(secret: secret)
                peer_ready(try await weavelet.serve(socket: socket))
                try await Task.sleep(for: .seconds(Int32.max))
            case .run(let run):
                try await call(run)
            }
        } catch {
            peer_fail("\(error)")
        }
    }

    /// A weavelet of its own calls, in tasks that run on its loop as those of components do.
    private static func call(_ run: PeerRun) async throws {
        guard let method = EchoMethod(name: run.method) else { peer_fail("no method \(run.method)") }
        let weavelet = try BenchmarkWeavelet(secret: secret)
        let refs = try EchoRefs(weavelet: weavelet, address: run.address, deadline: deadline)
        peer_start_stopwatch()
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<run.inFlight {
                group.addTask(executorPreference: weavelet.executor) {
                    var lane = Lane(number, countsOnOneThread: true)
                    try await refs.call(method, run, &lane)
                }
            }
        }
    }
}

/// A ref for each implementation.
private struct EchoRefs: Sendable {
    private let echo: any Echo
    private let actorEcho: any ActorEcho
    private let hopEcho: any HopEcho

    init(weavelet: BenchmarkWeavelet, address: String, deadline: Duration) throws {
        echo = try weavelet.remoteRef(to: EchoComponent.self, at: address, deadline: deadline)
        actorEcho = try weavelet.remoteRef(to: ActorEchoComponent.self, at: address, deadline: deadline)
        hopEcho = try weavelet.remoteRef(to: HopEchoComponent.self, at: address, deadline: deadline)
    }

    /// Calls that method in that lane for ever.
    func call(_ method: EchoMethod, _ run: PeerRun, _ lane: inout Lane) async throws {
        let bytes = run.payload
        let text = String(decoding: bytes, as: UTF8.self)
        let records = EchoRecord.make(max(1, run.size / EchoRecord.size))
        switch (method.kind, method.payload) {
        case (.struct, .bytes): try await lane.call(bytes) { try await echo.bytes($0) }
        case (.struct, .text): try await lane.call(text) { try await echo.text($0) }
        case (.struct, .records): try await lane.call(records) { try await echo.records($0) }
        case (.actor, .bytes): try await lane.call(bytes) { try await actorEcho.bytes($0) }
        case (.actor, .text): try await lane.call(text) { try await actorEcho.text($0) }
        case (.actor, .records): try await lane.call(records) { try await actorEcho.records($0) }
        case (.hop, .bytes): try await lane.call(bytes) { try await hopEcho.bytes($0) }
        case (.hop, .text): try await lane.call(text) { try await hopEcho.text($0) }
        case (.hop, .records): try await lane.call(records) { try await hopEcho.records($0) }
        }
    }
}
