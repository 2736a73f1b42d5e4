import ArgumentParser
import Harness
@_spi(Benchmarks) import WeaverRuntime

/// `weaver-bench local`
struct LocalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local",
        abstract: "Calls a component in the same process.",
        discussion: """
            A call by a local ref, beside the same call through "any Protocol"
            without a ref, from the loop that components run on or, as in a
            service that has components embedded, from elsewhere. All runs
            of an implementation alternate.
            """)

    @Option(
        parsing: .upToNextOption, help: "Where the caller is: \(LocalCaller.allCases.map(\.rawValue)).")
    var callers: [LocalCaller] = [.loop]

    @Option(help: "Calls of each run.")
    var calls = 2_000_000

    @Option(help: "Runs of each kind.")
    var runs = 15

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard calls > 0, runs > 0, !callers.isEmpty else {
            throw ValidationError("calls, runs and callers must be more than 0")
        }
    }

    func run() async throws {
        let weavelet = try BenchmarkWeavelet(secret: WeaverPeer.secret)
        let implementations: [(name: String, value: any Counter)] = [
            ("struct", StructCounter()), ("class", ClassCounter()), ("actor", ActorCounter()),
        ]
        var rows: [LocalRow] = []
        for (name, implementation) in implementations {
            let ref = weavelet.localRef(to: CounterComponent.self, implementation)
            var existential: [LocalCaller: [Double]] = [:]
            var local: [LocalCaller: [Double]] = [:]
            for _ in 0..<runs {
                for caller in callers {
                    existential[caller, default: []].append(try await measure(weavelet, caller, implementation))
                    local[caller, default: []].append(try await measure(weavelet, caller, ref))
                }
            }
            for caller in callers {
                let row = LocalRow(
                    implementation: name, caller: caller, existential: existential[caller] ?? [],
                    ref: local[caller] ?? [])
                if let row { rows.append(row) }
            }
        }
        try Report("local", rows: rows).print(json: json, columns: LocalRow.columns, cells: \.cells)
    }

    private func measure(
        _ weavelet: BenchmarkWeavelet, _ caller: LocalCaller, _ counter: any Counter
    ) async throws -> Double {
        let calls = calls
        return try await caller.run(weavelet) { try await Self.nanoseconds(calls, counter) }
    }

    /// Nanoseconds of one of `calls` calls. Not inlined, so that the compiler does not see which implementation it is.
    @inline(never)
    private static func nanoseconds(_ calls: Int, _ counter: any Counter) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        var sum = 0
        for number in 0..<calls { sum &+= try await counter.next(after: number) }
        let elapsed = clock.now - start
        guard sum == calls * (calls + 1) / 2 else { throw BenchmarkError("the answer is another") }
        return elapsed / .nanoseconds(1) / Double(calls)
    }
}

/// What the local calls have cost.
struct LocalRow: Encodable, Sendable {
    let implementation: String
    let caller: String
    /// Nanoseconds of a call through `any Protocol`.
    let existentialNanoseconds: Spread
    /// Nanoseconds of a call by a local ref.
    let refNanoseconds: Spread

    /// Nil where there were no runs.
    init?(implementation: String, caller: LocalCaller, existential: [Double], ref: [Double]) {
        guard let existential = Spread(existential), let ref = Spread(ref) else { return nil }
        self.implementation = implementation
        self.caller = caller.rawValue
        existentialNanoseconds = existential
        refNanoseconds = ref
    }

    static let columns = [
        "implementation", "caller", "any Protocol ns", "min", "max", "local ref ns", "min", "max", "difference ns",
    ]

    /// The row of the table; the difference is that of the medians.
    var cells: [String] {
        [implementation, caller] + existentialNanoseconds.cells(1) + refNanoseconds.cells(1)
            + [(refNanoseconds.median - existentialNanoseconds.median).text(1)]
    }
}
