import Foundation
import SwiftParser
import SwiftSyntax
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacros
import SwiftSyntaxMacrosGenericTestSupport
import Testing

@testable import WeaverMacros

/// The case files of `Cases/`: a source, then `// ---`, then what the macros say of it, one line each as
/// `line:column message`, with `  fix: message` below where there is a fix-it. Where there is, another `// ---` follows
/// and the source with all fix-its applied. `WEAVER_RECORD=1` writes what is after the sources anew.
@Suite("diagnostics, one file each")
struct CaseTests {
    static let files: [String] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted()
    }()

    @Test("there are cases") func cases() { #expect(CaseTests.files.count >= 30) }

    @Test(arguments: files)
    func diagnostics(_ name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        let source = text.components(separatedBy: "// ---\n")[0]
        let expansion = Expansion(of: source)
        var found = source + "// ---\n" + expansion.report
        if !expansion.fixes.isEmpty { found += "// ---\n" + (try expansion.fixed()) }
        if ProcessInfo.processInfo.environment["WEAVER_RECORD"] != nil {
            try Data(found.utf8).write(to: folder.appending(path: name))
        } else {
            #expect(text == found)
        }
    }
}

/// A source with its macros expanded.
struct Expansion {
    static let macros: [String: MacroSpec] = [
        "Component": MacroSpec(type: ComponentMacro.self),
        "Implements": MacroSpec(type: ImplementsMacro.self, conformances: ["Implementation"]),
        "Ref": MacroSpec(type: RefMacro.self),
        "Listener": MacroSpec(type: ListenerMacro.self),
        "Config": MacroSpec(type: ConfigMacro.self),
        "Serializable": MacroSpec(type: SerializableMacro.self, conformances: ["WireCodable", "Sendable"]),
        "Idempotent": MacroSpec(type: IdempotentMacro.self),
        "Deadline": MacroSpec(type: DeadlineMacro.self),
    ]

    /// A change that a fix-it makes.
    struct Fix {
        let range: Range<Int>
        let old: String
        let new: String
    }

    struct NoProgress: Error {}

    private let text: String
    /// The source after the expansion.
    let source: String
    /// What was reported, in the order of the source.
    let report: String
    /// What the fix-its change, in the order of the reports.
    let fixes: [[Fix]]

    init(of text: String) {
        let file = Parser.parse(source: text)
        let context = BasicMacroExpansionContext(
            sourceFiles: [file: .init(moduleName: "Shop", fullFilePath: "Shop.swift")])
        let expanded = file.expand(macroSpecs: Self.macros) { syntax in
            BasicMacroExpansionContext(sharingWith: context, lexicalContext: syntax.allMacroLexicalContexts())
        }
        self.text = text
        source = expanded.description
        func offset(_ position: AbsolutePosition, in node: Syntax) -> SwiftSyntax.SourceLocation {
            context.location(for: position, anchoredAt: node, fileName: "Shop.swift")
        }
        let diagnostics = context.diagnostics.sorted { left, right in
            offset(left.position, in: left.node).offset < offset(right.position, in: right.node).offset
        }
        report = diagnostics.map { diagnostic in
            let place = offset(diagnostic.position, in: diagnostic.node)
            let fixes = diagnostic.fixIts.map { "  fix: \($0.message.message)\n" }.joined()
            return "\(place.line):\(place.column) \(diagnostic.message)\n\(fixes)"
        }.joined()
        fixes = diagnostics.flatMap(\.fixIts).map { fixIt -> [Fix] in
            fixIt.changes.compactMap { change -> Fix? in
                guard case .replace(let old, let new) = change else { return nil }
                let start = offset(old.position, in: old).offset
                return Fix(
                    range: start..<start + old.totalLength.utf8Length, old: old.description, new: new.description)
            }
        }
    }

    /// The source with the fix-its applied, one after the other, as an editor would; each has to mend what it is for.
    func fixed() throws -> String {
        guard let fix = fixes.first else { return text }
        var bytes = Array(text.utf8)
        for change in fix {
            try #require(String(decoding: bytes[change.range], as: UTF8.self) == change.old)
            bytes.replaceSubrange(change.range, with: Array(change.new.utf8))
        }
        let next = Expansion(of: String(decoding: bytes, as: UTF8.self))
        guard next.fixes.count < fixes.count else { throw NoProgress() }
        return try next.fixed()
    }
}
