import Foundation
import TestSupport
import Testing

/// The files of `Snapshots/`: a source, then `// ---`, then its expansion, to be read by people. After a change of the
/// macros, `WEAVER_RECORD=1 swift test --filter SnapshotTests` writes them anew; the difference is what is reviewed.
@Suite("expansions, one file each")
struct SnapshotTests {
    private static let separator = "// ---\n"
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")

    private static let names = ["component", "implementation", "serializable-struct", "serializable-enum"]

    @Test(arguments: names)
    func expansion(_ name: String) throws {
        let file = Self.folder.appending(path: "\(name).txt")
        let text = try String(contentsOf: file, encoding: .utf8)
        let source = text.components(separatedBy: Self.separator)[0]
        let expansion = Expansion(of: source)
        #expect(expansion.report == "")
        let expected = source + Self.separator + expansion.source
        if ProcessInfo.processInfo.environment["WEAVER_RECORD"] != nil {
            try Data(expected.utf8).write(to: file)
        } else {
            #expect(text == expected)
        }
    }

    @Test("what is shown compiles, without a warning", .timeLimit(.minutes(1)))
    func compiles() async throws {
        let settings = ["-swift-version", "6", "-strict-memory-safety"]
        var sources = ["Support.swift": Self.support]
        for name in Self.names {
            let text = try String(contentsOf: Self.folder.appending(path: "\(name).txt"), encoding: .utf8)
            sources["\(name).swift"] = "import WeaverRuntime\n" + text.components(separatedBy: Self.separator)[0]
        }
        let outcome = try await CompilerHarness.withHarness { harness in
            try await harness.compile("Snapshots", sources, flags: settings)
        }
        #expect(outcome.diagnostics == [])
        #expect(outcome.status == 0)
    }

    /// What the sources mention.
    private static let support = """
        public import WeaverRuntime

        enum StockError: Error, Codable { case soldOut }
        @Serializable public struct Item { var id: Int }
        @Component public protocol Cache: Sendable {}
        struct ShopConfig: Decodable {}
        struct ShopRouter: ShopRouting {
            func get(_ id: Int, at place: String) -> Int { id }
            func put(_ pair: (Int, name: String)) -> String { pair.name }
        }
        extension ShopService {
            func get(_ id: Int, at place: String) async throws -> Item? { nil }
            func put(_ pair: (Int, name: String)) async throws { throw ShopError.empty }
        }
        """
}
