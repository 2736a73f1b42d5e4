import Foundation
import Harness

/// All that can be measured.
struct Contenders {
    /// What the others are divided by.
    static let ceiling = "libuv"

    /// Peers that are measured besides this project and the ceiling, in the order of the table.
    static let peers: [(name: String, title: String)] = [
        ("nio-hand", "SwiftNIO, by hand"), ("nio-day", "SwiftNIO, written in a day"), ("capnp", "Cap'n Proto, C++"),
        ("grpc-cpp", "gRPC, C++"), ("grpc-swift", "grpc-swift-2"),
    ]

    /// The shape of an array of 1,000 structs, which only that is measured at, beside the ceiling.
    static let recordShapes = [1, 16].map { Shape(size: 1000 * EchoRecord.size, inFlight: $0) }

    /// From this size on the ceiling is also measured with a server that waits for the whole message.
    private static let smallestWhole = 16 << 10

    private(set) var measured: [Contender]
    /// Why peers that were asked for are not among them.
    private(set) var missing: [String] = []

    /// This project's methods and the ceiling.
    init(methods: [EchoMethod]) {
        let own = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? URL(filePath: CommandLine.arguments[0])
        let ceiling = own.deletingLastPathComponent().appending(path: "libuv-echo").path
        let hasRecords = methods.contains { $0.payload == .records }
        measured = [
            Contender(name: Self.ceiling, title: "C on libuv, no RPC (the ceiling)", program: ceiling),
            Contender(
                name: "libuv-unix", title: "the same, Unix socket", program: ceiling, usesSocket: true),
            Contender(
                name: "libuv-whole", title: "the same, whole messages", program: ceiling, method: "whole",
                takesPart: { $0.size >= Self.smallestWhole && $0.inFlight == 1 }),
        ]
        for usesSocket in [false, true] {
            measured += methods.map { method in
                Contender(
                    name: "weaver-\(method.name)\(usesSocket ? "-unix" : "")",
                    title: "Weaver, \(method.kind.title), \(method.payload.title)\(usesSocket ? ", Unix socket" : "")",
                    program: own.path, method: method.name, usesSocket: usesSocket,
                    takesPart: { shape in
                        method.payload == .records
                            ? shape.size % EchoRecord.size == 0 : !(hasRecords && Self.recordShapes.contains(shape))
                    })
            }
        }
    }

    /// Adds those of the peers that have one of these names and are in the folder. Those without a program were not
    /// built, which the peers' Makefile has explained.
    mutating func addPeers(named names: Set<String>, in folder: String) {
        for peer in Self.peers where names.contains(peer.name) {
            let program = URL(filePath: folder).appending(path: peer.name).path
            guard FileManager.default.isExecutableFile(atPath: program) else {
                missing.append("\(peer.title) was not built; see make -C Benchmarks/Peers")
                continue
            }
            measured.append(
                Contender(
                    name: peer.name, title: peer.title, program: program,
                    takesPart: { !Self.recordShapes.contains($0) }))
        }
    }

    /// What each program says of itself, by its name; the same program once.
    func about() -> [String: String] {
        var result: [String: String] = [:]
        for contender in measured where !result.keys.contains(contender.program) {
            guard let process = try? PeerProcess(program: contender.program, arguments: ["about"], core: nil) else {
                continue
            }
            result[contender.program] = try? process.line(within: 10)
            process.end()
        }
        return Dictionary(
            uniqueKeysWithValues: result.map { (URL(filePath: $0.key).lastPathComponent, $0.value) })
    }
}
