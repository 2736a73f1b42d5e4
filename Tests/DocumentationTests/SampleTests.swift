import ArgumentParser
import Foundation
import TestSupport
import Testing
import WeaverRuntime

@testable import WeaverCLI

/// What the documentation shows can be pasted: it compiles, is read, is understood.
@Suite struct SampleTests {
    @Test(.enabled(if: CompilerHarness.hasPlugin, Comment(rawValue: CompilerHarness.howToHavePlugin)))
    func everyPieceOfSwiftCompilesWithoutAWarning() async throws {
        var pieces = 0
        for page in try MarkdownPage.all() {
            for (name, sources) in Self.modules(of: page) {
                let outcome = try await CompilerHarness.withHarness { harness in
                    try await harness.compile(name, sources, flags: Self.flags)
                }
                let complaints = outcome.diagnostics.filter { !$0.contains("was never ") }
                #expect(complaints.isEmpty && outcome.status == 0, "\(page.path)\n\(outcome.output)")
                pieces += sources.count
            }
        }
        #expect(pieces > 20, "the samples are found")
    }

    /// What `weaver new` puts into a manifest, and one setting more.
    private static let flags = [
        "-swift-version", "6", "-strict-memory-safety", "-enable-upcoming-feature", "ExistentialAny",
    ]

    /// The modules that a page's samples are, each with its files.
    private static func modules(of page: MarkdownPage) -> [(name: String, sources: [String: String])] {
        let swift = page.blocks.filter { $0.language == "swift" && $0.kind != .manifest }
        var setup: [String: String] = [:]
        for piece in page.setup { setup["Setup\(piece.line).swift"] = source(piece.text, at: piece.line, page) }
        let alone = swift.filter { $0.kind == .alone }.map { block in
            (
                name: "Sample\(block.line)",
                sources: ["Line\(block.line).swift": source(block.text, at: block.line, page)]
            )
        }
        let others = swift.filter { $0.kind != .alone }
        guard !others.isEmpty else { return alone }
        for block in others {
            let text = block.kind == .statements ? function(block) : block.text
            setup["Line\(block.line).swift"] = source(text, at: block.line, page)
        }
        return alone + [(name: "Sample", sources: setup)]
    }

    /// A file for the compiler, whose messages name the line of the page. What the page's setup imports is for all its samples.
    private static func source(_ text: String, at line: Int, _ page: MarkdownPage) -> String {
        let shared = page.setup.flatMap { $0.text.split(separator: "\n").filter { $0.hasPrefix("import ") } }
        let start = (["import WeaverRuntime"] + shared).filter { !text.contains($0) }.map { "\($0)\n" }.joined()
        return start + "#sourceLocation(file: \"\(page.path)\", line: \(line))\n" + text
    }

    private static func function(_ block: MarkdownPage.Block) -> String {
        "func line\(block.line)() async throws {\n#sourceLocation(file: \"line\", line: \(block.line))\n\(block.text)}\n"
    }

    @Test func everyManifestCompiles() async throws {
        let info = try await CompilerHarness.withHarness { harness in
            try await harness.run(["swiftc", "-print-target-info"], log: "info")
        }
        let paths = try JSONDecoder().decode(TargetInfo.self, from: Data(info.output.utf8)).paths
        let api = paths.runtimeResourcePath + "/pm/ManifestAPI"
        for page in try MarkdownPage.all() {
            for block in page.blocks where block.kind == .manifest {
                let outcome = try await CompilerHarness.withHarness { harness in
                    let file = harness.folder.appending(path: "Package.swift")
                    try Data(block.text.utf8).write(to: file)
                    return try await harness.run(
                        ["swiftc", "-typecheck", "-I", api, "-package-description-version", "6.2.0", file.path],
                        log: "manifest")
                }
                #expect(outcome.status == 0, "\(page.path):\(block.line)\n\(outcome.output)")
            }
        }
    }

    private struct TargetInfo: Decodable {
        struct Paths: Decodable { let runtimeResourcePath: String }
        let paths: Paths
    }

    @Test func everyConfigIsRead() async throws {
        for page in try MarkdownPage.all() {
            for block in page.blocks where block.language == "toml" {
                try await withTemporaryFolder { folder in
                    let path = folder + "/weaver.toml"
                    try block.text.write(toFile: path, atomically: true, encoding: .utf8)
                    #expect(throws: Never.self, "\(page.path):\(block.line)") { _ = try AppConfig.load(path) }
                }
            }
        }
    }

    @Test func everyCommandLineIsUnderstood() async throws {
        var lines = 0
        for page in try MarkdownPage.all() {
            for block in page.blocks where ["", "sh", "console"].contains(block.language) {
                for line in block.text.split(separator: "\n") {
                    guard let arguments = Self.arguments(of: String(line)) else { continue }
                    lines += 1
                    do {
                        try SubcommandSpelling.check(arguments, of: WeaverCommand.self)
                        _ = try await WeaverCommand.asyncParseAsRoot(arguments)
                    } catch {
                        // A request for help, or for a script, is no mistake.
                        #expect(WeaverCommand.exitCode(for: error) == .success, "\(page.path): \(line): \(error)")
                    }
                }
            }
        }
        #expect(lines > 10, "the command lines are found")
    }

    /// The arguments of a call of `weaver`; nil for any other line.
    private static func arguments(of line: String) -> [String]? {
        let words = line.split(separator: " ").map(String.init)
        guard words.first == "weaver" else { return nil }
        return Array(words.dropFirst().prefix { !["#", "|", ">", "&&", "\\"].contains($0) })
    }

    @Test func everyCommentForTheTestsIsUnderstood() throws {
        for page in try MarkdownPage.all() { #expect(page.misunderstood == []) }
    }
}
