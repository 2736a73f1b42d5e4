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
            without a ref. The runs of both alternate.
            """)

    @Option(help: "Calls of each run.")
    var calls = 2_000_000

    @Option(help: "Runs of each kind.")
    var runs = 15

    @Flag(help: "Prints JSON.")
    var json = false

    func validate() throws {
        guard calls > 0, runs > 0 else { throw ValidationError("calls and runs must be more than 0") }
    }

    func run() async throws {
        let weavelet = try BenchmarkWeavelet(secret: WeaverPeer.secret)
        let implementations: [(name: String, value: any Counter)] = [
            ("struct", StructCounter()), ("class", ClassCounter()), ("actor", ActorCounter()),
        ]
        var rows: [LocalRow] = []
        for (name, implementation) in implementations {
            let ref = weavelet.localRef(to: CounterComponent.self, implementation)
            let calls = calls
            let runs = runs
            // Where components run.
            let row = try await Task(executorPreference: weavelet.executor) {
                var existential: [Double] = []
                var local: [Double] = []
                for _ in 0..<runs {
                    existential.append(try await Self.nanoseconds(calls, implementation))
                    local.append(try await Self.nanoseconds(calls, ref))
                }
                return LocalRow(implementation: name, existential: existential, ref: local)
            }.value
            if let row { rows.append(row) }
        }
        try Report("local", rows: rows).print(json: json, columns: LocalRow.columns, cells: \.cells)
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
    /// Nanoseconds of a call through `any Protocol`.
    let existentialNanoseconds: Spread
    /// Nanoseconds of a call by a local ref.
    let refNanoseconds: Spread

    /// Nil where there were no runs.
    init?(implementation: String, existential: [Double], ref: [Double]) {
        guard let existential = Spread(existential), let ref = Spread(ref) else { return nil }
        self.implementation = implementation
        existentialNanoseconds = existential
        refNanoseconds = ref
    }

    static let columns = [
        "implementation", "any Protocol ns", "min", "max", "local ref ns", "min", "max", "difference ns",
    ]

    /// The row of the table; the difference is that of the medians.
    var cells: [String] {
        [implementation] + existentialNanoseconds.cells(1) + refNanoseconds.cells(1)
            + [(refNanoseconds.median - existentialNanoseconds.median).text(1)]
    }
}
