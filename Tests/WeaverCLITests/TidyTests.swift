import Foundation
import Testing

/// Rules about the tree itself that no compiler checks.
@Suite struct TidyTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The longest source file. A file that needs more has a reason, written in ``longFiles``.
    private static let maximumLines = 500
    /// Files that may be longer, and why.
    private static let longFiles = ["Sources/WeaverProtocol/weaver.pb.swift": "generated"]

    /// What each target may import of this package and of Foundation.
    private static let forbiddenImports: [String: Set<String>] = [
        "Sources/WeaverCore": [
            "CUV", "WeaverLoop", "WeaverProtocol", "WeaverRuntime", "WeaverCLI", "Foundation", "FoundationEssentials",
            "Glibc", "Darwin", "Dispatch",
        ],
        "Sources/WeaverLoop": [
            "WeaverProtocol", "WeaverRuntime", "WeaverCLI", "Foundation", "FoundationEssentials", "Dispatch",
        ],
        "Sources/WeaverRuntime": ["CUV", "WeaverCLI", "Dispatch"],
        "Sources/WeaverCLI": ["CUV", "WeaverProtocol", "Dispatch"],
        "Sources/weaver": ["CUV", "WeaverProtocol", "WeaverLoop", "WeaverRuntime"],
    ]

    @Test func importsPointDown() throws {
        for (folder, forbidden) in Self.forbiddenImports {
            for file in try Self.swiftFiles(in: folder) {
                // Where there is no FoundationEssentials, Foundation stands in for it.
                let standsIn = file.text.contains("#if canImport(FoundationEssentials)")
                for module in file.imports where forbidden.contains(module) && !(standsIn && module == "Foundation") {
                    Issue.record("\(file.path) imports \(module)")
                }
            }
        }
    }

    @Test func filesAreShort() throws {
        for file in try Self.swiftFiles(in: "Sources") + Self.swiftFiles(in: "Tests") {
            let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= Self.maximumLines || Self.longFiles[file.path] != nil, "\(file.path)")
        }
        for path in Self.longFiles.keys {
            #expect(FileManager.default.fileExists(atPath: Self.root + "/" + path), "\(path) is excused and gone")
        }
    }

    @Test func nothingIsUnfinishedAndNoMachineIsNamed() throws {
        // Written so that this file does not contain them.
        let words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "/wo" + "rk/", "/ho" + "me/", "/Us" + "ers/"]
        for file in try Self.swiftFiles(in: "Sources") + Self.swiftFiles(in: "Tests") + Self.swiftFiles(in: "Examples")
        {
            for word in words where file.text.contains(word) { Issue.record("\(file.path) says \(word)") }
        }
    }

    /// Files of the deciding parts that read bytes in place.
    private static let unsafeFiles: Set = [
        "Sources/WeaverCore/Deploy/PipeFrameDecoder.swift", "Sources/WeaverCore/Support/LineSplitter.swift",
    ]

    @Test func whatDecidesIsNotUnsafe() throws {
        for folder in ["Deploy", "Routing", "Support"] {
            for file in try Self.swiftFiles(in: "Sources/WeaverCore/\(folder)") {
                let isUnsafe = file.text.split(separator: "\n").contains { line in
                    !line.drop { $0 == " " }.hasPrefix("//") && line.contains("unsafe ")
                }
                #expect(!isUnsafe || Self.unsafeFiles.contains(file.path), "\(file.path)")
            }
        }
    }

    private struct SourceFile {
        var path: String
        var text: String

        var imports: [String] {
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count else {
                    return nil
                }
                return words[index + 1].split(separator: ".").first.map(String.init)
            }
        }
    }

    private static func swiftFiles(in folder: String) throws -> [SourceFile] {
        let names = FileManager.default.enumerator(atPath: "\(root)/\(folder)")?.compactMap { $0 as? String } ?? []
        let files = names.filter { $0.hasSuffix(".swift") && !$0.contains(".build/") }
        #expect(!files.isEmpty, "\(folder) has no source files")
        return try files.sorted().map { name in
            SourceFile(
                path: "\(folder)/\(name)",
                text: try String(contentsOfFile: "\(root)/\(folder)/\(name)", encoding: .utf8))
        }
    }
}
