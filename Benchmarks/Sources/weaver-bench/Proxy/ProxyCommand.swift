import ArgumentParser
import Foundation
import Harness

/// `weaver-bench proxy`
struct ProxyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Passes HTTP requests through a proxy, beside what C takes for the bytes alone.",
        discussion: """
            Clients that ask again as soon as they are answered, over kept
            connections, and a backend that answers at once share one core;
            the proxy has the other. One worker each, no access log,
            connections to the backend kept. All proxies stand at once and
            take turns; medians are reported, with the least and the greatest.
            µs are processor time of the proxy for each request.
            """)

    @Option(
        defaultAsFlag: ProxyContender.peers.map(\.name).joined(separator: ","),
        help: "Measures these peers too (all of them without a value): \(ProxyContender.peers.map(\.name))")
    var peers: String?

    @Option(help: "The program whose `proxy` is measured; by default the one beside this.")
    var weaver: String?

    @Option(parsing: .upToNextOption, help: "Sizes of bodies in bytes, in place of the standard shapes.")
    var sizes: [Int] = []

    @Option(parsing: .upToNextOption, help: "Connections, in place of the standard shapes.")
    var connections: [Int] = []

    @Option(help: "Seconds that each run lasts.")
    var seconds = 1.0

    @Option(help: "Seconds of each run before those that count.")
    var warmUp = 0.2

    @Option(help: "Runs of each proxy at each shape.")
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
        guard sizes.allSatisfy({ $0 > 0 }), connections.allSatisfy({ $0 > 0 }) else {
            throw ValidationError("sizes and connections must be more than 0")
        }
        guard seconds >= 0.001, warmUp >= 0, repeats > 0 else {
            throw ValidationError("seconds and repeats must be more than 0, and the warm-up not negative")
        }
        let known = Set(ProxyContender.peers.map(\.name))
        let unknown = chosenPeers.subtracting(known)
        guard unknown.isEmpty else { throw ValidationError("no peer \(unknown.sorted()); there are \(known.sorted())") }
    }

    func run() throws {
        let own = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? URL(filePath: CommandLine.arguments[0])
        let program = weaver ?? own.deletingLastPathComponent().appending(path: "weaver").path
        let (optional, chosen) = (Set(ProxyContender.peers.map(\.name)), chosenPeers)
        let contenders = ProxyContender.all(weaver: program).filter { contender in
            !optional.contains(contender.name) || chosen.contains(contender.name)
        }
        let contest = ProxyContest(
            contenders: contenders, shapes: shapes, repeats: repeats, warmUp: warmUp, seconds: seconds, quiet: quiet)
        let outcome = try contest.run { FileHandle.standardError.write(Data("\($0)\n".utf8)) }
        guard !json else { return try Report("proxy", rows: outcome.rows).printJSON() }
        print(outcome)
    }

    private func print(_ outcome: ProxyContest.Outcome) {
        Swift.print(Machine.current.line)
        Swift.print("\(repeats) runs of \(seconds.text(1)) s each, after \(warmUp.text(1)) s that do not count")
        if let quiet { Swift.print("a run with others on more than \(quiet.text(2)) cores was made again") }
        for (name, version) in outcome.versions.sorted(by: { $0.key < $1.key }) { Swift.print("* \(name): \(version)") }
        for shape in shapes {
            Swift.print("\n### \(shape.title)\n")
            let rows = outcome.rows.filter { $0.shape == shape }
            Swift.print(TextTable.text(columns: ProxyRow.columns(of: shape), rows: rows.map(\.cells)))
        }
        for line in outcome.leftOut { Swift.print("\nLeft out: \(line)") }
    }

    private var chosenPeers: Set<String> { Set((peers ?? "").split(separator: ",").map(String.init)) }

    /// The standard ones, or all combinations of what was chosen.
    private var shapes: [ProxyShape] {
        if sizes.isEmpty && connections.isEmpty { return ProxyShape.standard }
        return (sizes.isEmpty ? [1 << 10] : sizes).flatMap { size in
            (connections.isEmpty ? [64] : connections).map { ProxyShape(size: size, connections: $0) }
        }
    }
}
