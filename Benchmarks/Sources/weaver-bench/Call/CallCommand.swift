import ArgumentParser
import Foundation
import Harness

/// `weaver-bench call`
struct CallCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call",
        abstract: "Calls a component in another process, beside what C takes for the bytes alone.",
        discussion: """
            The whole path: typed client stub, wire, typed server stub, the
            component's async method, and back. Server and client are
            processes on a core each, or both on one. Every contender has one
            run after the other, in turns; medians are reported, with the
            least and the greatest. µs are processor time for each call;
            "others" is how many cores everything else kept busy.
            """)

    @Option(
        defaultAsFlag: Contenders.peers.map(\.name).joined(separator: ","),
        help: "Measures these peers too (all of them without a value): \(Contenders.peers.map(\.name))")
    var peers: String?

    @Option(help: "Where the peers' programs are.")
    var peerFolder = ProcessInfo.processInfo.environment["WEAVER_PEERS"] ?? "."

    @Option(parsing: .upToNextOption, help: "Payload sizes in bytes, in place of the standard shapes.")
    var sizes: [Int] = []

    @Option(
        parsing: .upToNextOption,
        help: "Calls in flight, in place of the standard shapes; 0 is one at a time with both sides on one core.")
    var inFlight: [Int] = []

    @Option(parsing: .upToNextOption, help: "Implementations: struct, actor, hop (suspends once).")
    var implementations: [EchoKind] = []

    @Option(parsing: .upToNextOption, help: "Payloads: bytes ([UInt8]), text (String), records ([struct]).")
    var payloads: [PayloadKind] = []

    @Option(help: "Seconds that each run lasts.")
    var seconds = 1.0

    @Option(help: "Seconds of each run before those that count.")
    var warmUp = 0.2

    @Option(help: "Runs of each contender at each shape.")
    var repeats = 5

    @Option(
        help: """
            Makes a run again, \(Contest.mostAttempts) times at most, during which anything else kept more than so \
            many cores busy.
            """)
    var quiet: Double?

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard sizes.allSatisfy({ $0 > 0 }), inFlight.allSatisfy({ $0 >= 0 }) else {
            throw ValidationError("sizes must be more than 0, and calls in flight not negative")
        }
        guard seconds >= 0.001, warmUp >= 0, repeats > 0 else {
            throw ValidationError("seconds and repeats must be more than 0, and the warm-up not negative")
        }
        let known = Set(Contenders.peers.map(\.name))
        let unknown = chosenPeers.subtracting(known)
        guard unknown.isEmpty else { throw ValidationError("no peer \(unknown.sorted()); there are \(known.sorted())") }
    }

    func run() async throws {
        var contenders = Contenders(methods: methods)
        contenders.addPeers(named: chosenPeers, in: peerFolder)
        let contest = Contest(
            contenders: contenders.measured, shapes: shapes, repeats: repeats, warmUp: warmUp, seconds: seconds,
            serverCore: Affinity.cores.first, clientCore: Affinity.cores.last, quiet: quiet)
        let results = contest.run { FileHandle.standardError.write(Data("\($0)\n".utf8)) }
        let prices = Affinity.onCore(Affinity.cores.last) { CopyPrice.measure(sizes: Set(shapes.map(\.size))) }
        let report = CallReport(
            comparison: Comparison(results, ceiling: Contenders.ceiling), prices: prices,
            missing: contenders.missing, contenders: contenders.about(), repeats: repeats, seconds: seconds,
            warmUp: warmUp, quiet: quiet)
        try report.print(json: json)
    }

    private var chosenPeers: Set<String> { Set((peers ?? "").split(separator: ",").map(String.init)) }

    private var methods: [EchoMethod] {
        if implementations.isEmpty && payloads.isEmpty { return EchoMethod.standard }
        return (implementations.isEmpty ? [.struct] : implementations).flatMap { kind in
            (payloads.isEmpty ? [.bytes] : payloads).map { EchoMethod(kind, $0) }
        }
    }

    /// The standard ones, or all combinations of what was chosen.
    private var shapes: [Shape] {
        if sizes.isEmpty && inFlight.isEmpty {
            return Shape.standard + (methods.contains { $0.payload == .records } ? Contenders.recordShapes : [])
        }
        return (sizes.isEmpty ? [64] : sizes).flatMap { size in
            (inFlight.isEmpty ? [0, 1, 64, 256] : inFlight).map {
                Shape(size: size, inFlight: max(1, $0), sharesCore: $0 == 0)
            }
        }
    }
}
