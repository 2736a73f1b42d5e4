import Foundation
import TestSupport

/// A page of documentation, as far as the tests read it: its blocks of code, its links, and what it says to the tests in
/// comments, which no reader sees.
///
/// A block of Swift is part of one module with the page's others, and has `import WeaverRuntime` where it does not say so.
/// A comment in the line above it says when it is something else:
///
///     <!-- sample: statements -->     the body of a function that is async and may throw
///     <!-- sample: alone -->          a module of its own
///     <!-- sample: manifest -->       a Package.swift
///
/// What the blocks need and no reader wants to see stands in a comment of several lines that begins with
/// `<!-- sample setup`. A line there that begins with an attribute begins with `/**/`: DocC takes an @ for its own.
struct MarkdownPage {
    /// A block of code.
    struct Block {
        /// What stands behind the fence; empty for a block that is only indented.
        let language: String
        /// What the comment above it says.
        let kind: Kind
        /// The line of the page that its first line is, from 1.
        let line: Int
        var text: String
    }

    enum Kind: String { case member, statements, alone, manifest }

    /// Its path in the package.
    let path: String
    private(set) var blocks: [Block] = []
    /// What stands in the comments for all blocks of Swift, with the line of each.
    private(set) var setup: [(line: Int, text: String)] = []
    /// The rest, line by line.
    private(set) var prose: [(line: Int, text: String)] = []
    /// Comments that no test understands.
    private(set) var misunderstood: [String] = []

    /// The pages that people read first: what is in the root, in docs and in the catalogs.
    static func all() throws -> [MarkdownPage] {
        let root = CompilerHarness.package
        var paths = try FileManager.default.contentsOfDirectory(atPath: root.path)
        for folder in ["docs", "Sources", "Examples", "Benchmarks"] {
            let names = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            paths += names?.compactMap { ($0 as? String).map { "\(folder)/\($0)" } } ?? []
        }
        return try paths.filter { $0.hasSuffix(".md") && !$0.contains(".build") }.sorted().map { try MarkdownPage($0) }
    }

    init(_ path: String) throws {
        let url = CompilerHarness.package.appending(path: path)
        self.init(path: path, text: try String(contentsOf: url, encoding: .utf8))
    }

    init(path: String, text: String) {
        self.path = path
        var kind: Kind?
        var lines = Array(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).enumerated())[
            ...]
        while let (index, line) = lines.popFirst() {
            let trimmed = line.trimmingCharacters(in: .whitespaces)
            if trimmed.hasPrefix("<!-- sample") {
                kind = readComment(trimmed, at: index + 1, &lines)
            } else if trimmed.hasPrefix("```") {
                let indent = line.prefix { $0 == " " }.count
                let body = Self.take(&lines) { $0.trimmingCharacters(in: .whitespaces) == "```" }
                blocks.append(
                    Block(
                        language: String(trimmed.dropFirst(3)), kind: kind ?? .member, line: index + 2,
                        text: body.map { $0.dropFirst(min(indent, $0.prefix { $0 == " " }.count)) + "\n" }.joined()))
                kind = nil
            } else {
                if line.hasPrefix("    ") { appendIndented(String(line.dropFirst(4)), at: index + 1) }
                prose.append((index + 1, line))
            }
        }
    }

    /// Reads a comment for the tests, and gives what it says of the next block.
    private mutating func readComment(
        _ first: String, at line: Int, _ lines: inout ArraySlice<(offset: Int, element: String)>
    ) -> Kind? {
        if first == "<!-- sample setup" {
            setup.append((line + 1, Self.take(&lines) { $0 == "-->" }.map { $0 + "\n" }.joined()))
            return nil
        }
        let name = first.dropFirst("<!-- sample: ".count).prefix { $0 != " " }
        if first.hasSuffix(" -->"), let kind = Kind(rawValue: String(name)) { return kind }
        misunderstood.append("\(path):\(line): \(first)")
        return nil
    }

    /// The lines up to the one that ends them, which is taken too.
    private static func take(
        _ lines: inout ArraySlice<(offset: Int, element: String)>, to isEnd: (String) -> Bool
    ) -> [String] {
        var taken: [String] = []
        while let (_, line) = lines.popFirst(), !isEnd(line) { taken.append(line) }
        return taken
    }

    private mutating func appendIndented(_ text: String, at line: Int) {
        if let last = blocks.last, last.language.isEmpty, last.line + last.text.count(of: "\n") == line {
            blocks[blocks.count - 1].text += text + "\n"
        } else {
            blocks.append(Block(language: "", kind: .member, line: line, text: text + "\n"))
        }
    }
}

extension String {
    fileprivate func count(of character: Character) -> Int { count { $0 == character } }
}
