import Foundation
import SwiftParser
import SwiftSyntax
import SwiftSyntaxMacroExpansion
import SwiftSyntaxMacros
import SwiftSyntaxMacrosGenericTestSupport
import Testing

@testable import WeaverMacros

/// The case files of `Cases/`: a source, then `// ---`, then what the macros say of it, one line each as
/// `line:column message`, with `  fix: message` below where there is a fix-it.
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
        let parts = text.components(separatedBy: "// ---\n")
        #expect(parts.count == 2)
        #expect(Expansion(of: parts[0]).report == parts[1])
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

    /// The source after the expansion.
    let source: String
    /// What was reported, in the order of the source.
    let report: String

    init(of text: String) {
        let file = Parser.parse(source: text)
        let context = BasicMacroExpansionContext(
            sourceFiles: [file: .init(moduleName: "Shop", fullFilePath: "Shop.swift")])
        let expanded = file.expand(macroSpecs: Self.macros) { syntax in
            BasicMacroExpansionContext(sharingWith: context, lexicalContext: syntax.allMacroLexicalContexts())
        }
        source = expanded.description
        let lines = context.diagnostics.map { diagnostic -> (Int, String) in
            let place = context.location(
                for: diagnostic.position, anchoredAt: diagnostic.node, fileName: "Shop.swift")
            let fixes = diagnostic.fixIts.map { "  fix: \($0.message.message)\n" }.joined()
            return (place.offset, "\(place.line):\(place.column) \(diagnostic.message)\n\(fixes)")
        }
        report = Set(lines.map(\.1)).sorted { left, right in
            let places = [left, right].map { text in lines.first { $0.1 == text }?.0 ?? 0 }
            return (places[0], left) < (places[1], right)
        }.joined()
    }
}
