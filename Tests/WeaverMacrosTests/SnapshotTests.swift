import Foundation
import Testing

/// The files of `Snapshots/`: a source, then `// ---`, then its expansion, to be read by people. After a change of the
/// macros, `WEAVER_RECORD=1 swift test --filter SnapshotTests` writes them anew; the difference is what is reviewed.
@Suite("expansions, one file each")
struct SnapshotTests {
    private static let separator = "// ---\n"
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots")

    @Test(arguments: ["component", "implementation", "serializable-struct", "serializable-enum"])
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
}
