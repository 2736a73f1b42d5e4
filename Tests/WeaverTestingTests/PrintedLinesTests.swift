import TestSupport
import Testing
import WeaverRuntime
import WeaverTesting

@Component
protocol Parrot: Sendable {
    func say(_ line: String) async throws
}

@Implements(Parrot.self)
struct PrintingParrot: Parrot {
    func say(_ line: String) async throws { print(line) }
}

/// What the processes of an application print.
@Suite(.enabled(if: WeaverRunner.allCases.contains(.multi)), .timeLimit(.minutes(3)))
struct PrintedLinesTests {
    /// Not when the process ends, nor when some kilobytes have come together.
    @Test func `a printed line is in the log while its process lives`() async throws {
        try await withWeaver(.multi, components: [PrintingParrot.self]) { weaver in
            try await weaver.get((any Parrot).self).say("hello from afar")
            try await eventually("the line") { weaver.log.contains { $0.contains("hello from afar") } }
        }
    }
}
