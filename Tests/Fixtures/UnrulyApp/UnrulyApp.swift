import CoreMetrics
import HTTPTypes
import Logging
import TestTracer
import Tracing
import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An application for the integration tests: its components do on request what an application should not do.
@main
@Implements(Main.self)
final class UnrulyApp: Main {
    @Ref var unruly: any Unruly
    @Ref var stillborn: any Stillborn
    @Listener var door: WeaverListener

    /// As a program's own main() that bootstraps what it likes, by what UNRULY_BOOTSTRAP names.
    static func main() async {
        let own = unsafe getenv("UNRULY_BOOTSTRAP").map { unsafe String(cString: $0) } ?? ""
        if own.contains("tracer") { InstrumentationSystem.bootstrap(TestTracer()) }
        if own.contains("metrics") { MetricsSystem.bootstrap(MultiplexMetricsHandler(factories: [Weaver.metrics])) }
        if own.contains("log") { LoggingSystem.bootstrap { MultiplexLogHandler([Weaver.logHandler(label: $0)]) } }
        if own.contains("stream") { LoggingSystem.bootstrap(StreamLogHandler.standardOutput) }
        await Weaver.run(bootstrapping: own.contains("leave-stream") ? [.metrics, .tracing] : .all)
    }

    func serve() async throws {
        let stage = Stage()
        try await door.serve { request, body, writer in
            if try await stage.answer(request, body, writer) { return }
            var answer = "ok"
            switch request.path {
            case "/spin": try await self.unruly.spin()
            case "/crash": try await self.unruly.crash()
            case "/fork": answer = "\(try await self.unruly.fork())"
            case "/flood": try await self.unruly.flood(lines: 200_000)
            case "/huge": try await self.unruly.huge()
            case "/log": try await self.unruly.logHuge()
            case "/measure": try await withSpan("measuring") { _ in try await self.unruly.measure() }
            case "/where":
                answer = try await TestTracer.here + " " + withSpan("a") { _ in try await self.unruly.place() }
            case "/shout": answer = try await self.unruly.shout(lines: 1_000_000)
            case "/hang-up": try await self.unruly.hangUp()
            case "/stillborn": do { try await self.stillborn.live() } catch { answer = "\(error)" }
            default: try await self.unruly.behave()
            }
            try await writer.respond(body: answer)
        }
    }
}

@Component
protocol Unruly: Sendable {
    /// Does nothing.
    @Idempotent func behave() async throws
    /// Never gives the thread back.
    func spin() async throws
    /// Ends the process by a trap.
    func crash() async throws
    /// Starts a process that ignores what it can; gives its id.
    func fork() async throws -> Int32
    /// Prints so many lines.
    func flood(lines: Int) async throws
    /// Prints a line of many megabytes.
    func huge() async throws
    /// Logs a message larger than a message of the pipe may be.
    func logHuge() async throws
    /// Counts, times and logs itself, in a span of its own, by what swift-metrics, -log and -distributed-tracing have.
    func measure() async throws
    /// Where the test's own tracer sees itself, in the call and in a span below; logs a line.
    func place() async throws -> String
    /// Logs so many lines from all threads; says how far its memory has grown meanwhile, in KiB.
    func shout(lines: Int) async throws -> String
    /// Closes the pipes to the deployer, and lives on.
    func hangUp() async throws
}

/// A component whose start fails as long as the config says so, or there is a file `spoiled` in the working folder.
@Component
protocol Stillborn: Sendable {
    @Idempotent func live() async throws
}

/// What the config says of the component. It traps on values that nobody would write: those by which the keys of a section
/// are found.
struct StillbornConfig: Decodable, Sendable {
    var fails: Bool
    var share: Int

    enum CodingKeys: CodingKey { case fails, parts }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        fails = try container.decodeIfPresent(Bool.self, forKey: .fails) ?? false
        share = 100 / ((try? container.decode(Int.self, forKey: .parts)) ?? 1)
    }
}

@Implements(Stillborn.self)
final class StillbornService: Stillborn {
    @Config var settings: StillbornConfig

    struct NotBorn: Error {}

    func start() async throws {
        if unsafe settings.fails || access("spoiled", F_OK) == 0 { throw NotBorn() }
    }

    func live() async throws {}
}
