import Histogram
import Synchronization
@_spi(Benchmarks) import WeaverRuntime

/// The side that calls: a weavelet of its own, whose tasks run on its loop as those of components do.
struct CallClient {
    /// No call of the benchmark takes that long; it is there because every call has one.
    private static let deadline = Duration.seconds(30)

    private let weavelet: BenchmarkWeavelet
    private let echo: any Echo
    private let actorEcho: any ActorEcho
    private let probe: any ServerProbe

    /// A client of `server`; it connects with the first call.
    init(server: ServerProcess) throws {
        weavelet = try BenchmarkWeavelet(secret: ServerProcess.secret)
        echo = try weavelet.remoteRef(to: EchoComponent.self, at: server.address, deadline: Self.deadline)
        actorEcho = try weavelet.remoteRef(to: ActorEchoComponent.self, at: server.address, deadline: Self.deadline)
        probe = try weavelet.remoteRef(to: ServerProbeComponent.self, at: server.address, deadline: Self.deadline)
    }

    /// Calls for that long with as many calls in flight as `benchmark` says.
    func run(_ benchmark: CallCase, for duration: Duration) async throws -> CallMeasurement {
        let serverStart = try await probe.processorTime()
        let clientStart = ProcessorTime.ofThisProcess
        let clock = ContinuousClock()
        let start = clock.now
        let lanes = try await callInLanes(benchmark, for: duration)
        let elapsed = clock.now - start
        let client = ProcessorTime.ofThisProcess - clientStart
        let server = try await probe.processorTime() - serverStart
        return CallMeasurement(lanes: lanes, elapsed: elapsed, serverNanoseconds: server, clientNanoseconds: client)
    }

    /// Waits, for five seconds at most, until what a failed run has left in the queues has gone.
    func settle() async {
        for _ in 0..<100 {
            if (try? await probe.processorTime()) != nil { return }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// One task for each call in flight, on the loop.
    private func callInLanes(_ benchmark: CallCase, for duration: Duration) async throws -> [CallLane] {
        let stop = StopSign()
        let timer = Task {
            try? await Task.sleep(for: duration)
            stop.raise()
        }
        defer { timer.cancel() }
        return try await withThrowingTaskGroup(of: CallLane.self) { group in
            for _ in 0..<max(1, benchmark.inFlight) {
                group.addTask(executorPreference: weavelet.executor) { try await call(benchmark, until: stop) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    private func call(_ benchmark: CallCase, until stop: StopSign) async throws -> CallLane {
        let bytes = (0..<benchmark.size).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        let text = String(decoding: bytes, as: UTF8.self)
        var lane = CallLane()
        switch (benchmark.implementation, benchmark.payload) {
        case (.struct, .bytes): try await lane.call(bytes, until: stop) { try await echo.bytes($0) }
        case (.struct, .text): try await lane.call(text, until: stop) { try await echo.text($0) }
        case (.actor, .bytes): try await lane.call(bytes, until: stop) { try await actorEcho.bytes($0) }
        case (.actor, .text): try await lane.call(text, until: stop) { try await actorEcho.text($0) }
        }
        return lane
    }
}

/// Says to all lanes that the time is over.
final class StopSign: Sendable {
    private let raised = Atomic(false)

    func raise() { raised.store(true, ordering: .relaxed) }

    var isRaised: Bool { raised.load(ordering: .relaxed) }
}

/// Calls made one after the other.
struct CallLane: Sendable {
    /// One call in so many is timed, so that the clock does not become part of what is measured.
    static let samplingInterval = 8

    /// Calls that were answered.
    private(set) var calls = 0
    /// What the timed ones took, in nanoseconds.
    private(set) var latencies: [UInt64] = []

    /// Calls until the sign is raised; each answer must be what was sent.
    mutating func call<Payload: Equatable & Sendable>(
        _ payload: Payload, until stop: StopSign, _ echo: (Payload) async throws -> Payload
    ) async throws where Payload: Collection {
        let clock = ContinuousClock()
        guard try await echo(payload) == payload else { throw BenchmarkError("the answer is another") }
        calls += 1
        while !stop.isRaised {
            let start = calls % Self.samplingInterval == 1 ? clock.now : nil
            guard try await echo(payload).isEmpty == payload.isEmpty else {
                throw BenchmarkError("the answer is empty")
            }
            if let start { latencies.append((clock.now - start).nanoseconds) }
            calls += 1
        }
    }
}

/// What one run has given.
struct CallMeasurement: Encodable, Sendable {
    let calls: Int
    let callsPerSecond: Double
    /// Processor time of each side, for each call.
    let serverMicroseconds: Double
    let clientMicroseconds: Double
    let p50Microseconds: Double
    let p99Microseconds: Double

    /// The sum of all lanes.
    init(lanes: [CallLane], elapsed: Duration, serverNanoseconds: UInt64, clientNanoseconds: UInt64) {
        let calls = lanes.reduce(0) { $0 + $1.calls }
        self.calls = calls
        callsPerSecond = Double(calls) * 1e9 / Double(elapsed.nanoseconds)
        serverMicroseconds = Double(serverNanoseconds) / Double(calls) / 1000
        clientMicroseconds = Double(clientNanoseconds) / Double(calls) / 1000
        var histogram = Histogram<UInt64>(numberOfSignificantValueDigits: .three)
        for latency in lanes.lazy.flatMap(\.latencies) { histogram.record(latency) }
        p50Microseconds = Double(histogram.valueAtPercentile(50)) / 1000
        p99Microseconds = Double(histogram.valueAtPercentile(99)) / 1000
    }
}

extension Duration {
    /// The whole duration in nanoseconds.
    var nanoseconds: UInt64 { UInt64(self / .nanoseconds(1)) }
}
