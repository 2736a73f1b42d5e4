import Foundation
import TestSupport
import Testing

/// The documentation of what users can see of this package's modules, as the compiler knows it.
@Suite struct SymbolTests {
    /// A module that users import, with those of this package that come with it, and its catalog if it has one.
    struct Module: CustomTestStringConvertible {
        let name: String
        let reexports: [String]
        let catalog: String?

        var testDescription: String { name }
    }

    static let modules = [
        Module(
            name: "WeaverRuntime", reexports: ["WeaverCore", "WeaverLoop"],
            catalog: "Sources/WeaverRuntime/WeaverRuntime.docc"),
        Module(name: "WeaverEmbedding", reexports: [], catalog: nil),
        Module(name: "WeaverTesting", reexports: [], catalog: nil),
    ]

    @Test(arguments: modules) func everythingPublicIsDocumented(module: Module) async throws {
        let symbols = try await CompilerHarness.withHarness { try await Self.symbols(of: module, $0) }
        #expect(symbols.count > 10)
        for symbol in symbols where symbol.documentation.isEmpty {
            Issue.record("\(symbol.kind.identifier) \(symbol.name) is not documented (\(symbol.place))")
        }
    }

    @Test(arguments: modules) func whatMayThrowSaysWhatAndWhen(module: Module) async throws {
        let symbols = try await CompilerHarness.withHarness { try await Self.symbols(of: module, $0) }
        // A typed throw says what in the declaration.
        for symbol in symbols where symbol.effects.contains(/\bthrows(?!\()/) {
            let isSaid = symbol.documentation.contains { $0.text.lowercased().contains("throw") }
            #expect(isSaid, "\(symbol.name) does not say what it throws (\(symbol.place))")
        }
    }

    @Test(arguments: modules.filter { $0.catalog != nil })
    func theCatalogIsWellFormedAndItsLinksLeadSomewhere(module: Module) async throws {
        let outcome = try await CompilerHarness.withHarness { harness in
            _ = try await Self.symbols(of: module, harness)
            return try await harness.run(
                [
                    "docc", "convert", CompilerHarness.package.appending(path: module.catalog ?? "").path,
                    "--additional-symbol-graph-dir", harness.folder.appending(path: "symbols").path,
                    "--output-dir", harness.folder.appending(path: "archive").path, "--warnings-as-errors",
                ], log: "docc")
        }
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    /// The symbols that users of a module see. They are left in the harness's folder for the documentation compiler.
    private static func symbols(of module: Module, _ harness: CompilerHarness) async throws -> [Symbol] {
        let folder = harness.folder.appending(path: "symbols")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let outcome = try await harness.run(
            [
                "swift-symbolgraph-extract", "-module-name", module.name, "-target", try await target(harness),
                "-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir", folder.path,
                "-experimental-allowed-reexported-modules=" + module.reexports.joined(separator: ","),
            ] + CompilerHarness.visibility, log: "symbolgraph")
        try #require(outcome.status == 0, "\(outcome.output)")
        let graph = try Data(contentsOf: folder.appending(path: "\(module.name).symbols.json"))
        return try JSONDecoder().decode(Graph.self, from: graph).symbols
    }

    private static func target(_ harness: CompilerHarness) async throws -> String {
        let info = try await harness.run(["swiftc", "-print-target-info"], log: "info")
        return try JSONDecoder().decode(TargetInfo.self, from: Data(info.output.utf8)).target.triple
    }

    private struct TargetInfo: Decodable {
        struct Target: Decodable { let triple: String }
        let target: Target
    }

    private struct Graph: Decodable { let symbols: [Symbol] }

    private struct Symbol: Decodable {
        struct Kind: Decodable { let identifier: String }
        struct Line: Decodable { let text: String }
        struct Comment: Decodable { let lines: [Line] }
        struct Fragment: Decodable { let spelling: String }
        struct Location: Decodable {
            struct Position: Decodable { let line: Int }
            let uri: String
            let position: Position
        }

        let kind: Kind
        let pathComponents: [String]
        let docComment: Comment?
        let declarationFragments: [Fragment]
        let location: Location?

        var name: String { pathComponents.joined(separator: ".") }
        var documentation: [Line] { docComment?.lines.filter { !$0.text.isEmpty } ?? [] }
        var declaration: String { declarationFragments.map(\.spelling).joined() }
        /// What stands behind the parameters of a function.
        var effects: Substring {
            var depth = 0
            for index in declaration.indices {
                if declaration[index] == "(" { depth += 1 }
                if declaration[index] == ")" { depth -= 1 }
                if depth == 0, declaration[index] == ")" { return declaration[index...] }
            }
            return ""
        }
        var place: String { location.map { "\($0.uri):\($0.position.line + 1)" } ?? "?" }
    }
}
