import Foundation
import Testing

/// Expansions compile without a warning in the user's settings, whatever they are.
@Suite("user settings")
struct MatrixTests {
    /// Compilers that run at a time.
    static let width = 2

    @Test("expansions compile without a warning in every combination of settings", .timeLimit(.minutes(10)))
    func matrix() async throws {
        var cells = Setting.cells[...]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for cell in cells.prefix(Self.width) { group.addTask { try await Self.check(cell) } }
            cells = cells.dropFirst(Self.width)
            while try await group.next() != nil {
                if let cell = cells.popFirst() { group.addTask { try await Self.check(cell) } }
            }
        }
    }

    private static func check(_ cell: Setting) async throws {
        let found = try await CompilerHarness.withHarness { harness in
            let interface = ["Interface.swift": try cell.source("Interface")]
            let services = ["Services.swift": try cell.source("Services")]
            guard cell.inTwoModules else {
                let both = interface.merging(services) { first, _ in first }
                return try await [harness.compile("Shop", both, flags: cell.flags)]
            }
            return try await [
                harness.compile("Stock", interface, flags: cell.flags, emitsModule: true),
                harness.compile("Shop", services, flags: cell.flags),
            ]
        }
        let unexpected = found.flatMap(\.diagnostics).filter { !cell.isCompilersFault($0) }
        #expect(unexpected.isEmpty, "\(cell)")
        #expect(found.allSatisfy { $0.status == 0 }, "\(cell)")
    }

    @Test("a container that mixes an only-Codable with an only-fast element is refused, and named")
    func mixedContainer() async throws {
        let source = try String(contentsOf: CompilerHarness.fixtures.appending(path: "Mixed.txt"), encoding: .utf8)
        let outcome = try await CompilerHarness.withHarness { harness in
            try await harness.compile(
                "Shop", ["Mixed.swift": source.replacingOccurrences(of: "// IMPORT", with: "import WeaverRuntime")],
                flags: ["-swift-version", "6"])
        }
        #expect(outcome.status != 0)
        let refusals = outcome.diagnostics
        #expect(!refusals.isEmpty)
        for refusal in refusals {
            #expect(refusal.contains("a container travels when all that it contains is @Serializable"))
        }
        // The line that is shown below a message names the container.
        for name in [
            "[OnlyCodable: OnlyFast].self", "[[OnlyFast: OnlyCodable]].self", "[String: [OnlyCodable: OnlyFast]].self",
        ] {
            #expect(outcome.output.contains(name))
        }
    }
}

/// One cell of the matrix.
struct Setting: CustomTestStringConvertible {
    let access: String
    let mode: String
    /// The name of the setting, and the compiler's flags.
    let name: String
    let settings: [String]
    /// Interfaces in one module, implementations in another.
    let inTwoModules: Bool

    static let cells: [Setting] = {
        let upcoming = [
            "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault",
        ].map { ($0, ["-enable-upcoming-feature", $0]) }
        let single =
            [
                ("MainActor", ["-default-isolation", "MainActor"]),
                ("strict memory safety", ["-strict-memory-safety"]),
            ] + upcoming
        let sets = [("none", [])] + single + [("all", single.flatMap(\.1))]
        return ["internal", "package", "public"].flatMap { access in
            ["5", "6"].flatMap { mode in
                sets.map { name, flags in
                    // Only what is public is of use to a module of another package.
                    Setting(access: access, mode: mode, name: name, settings: flags, inTwoModules: access == "public")
                }
            }
        }
    }()

    var testDescription: String { "\(access), language mode \(mode), \(name)" }

    var flags: [String] { ["-swift-version", mode] + settings }

    private var hasInternalImports: Bool { settings.contains("InternalImportsByDefault") }

    /// The fixture's text, with this cell's access level and imports.
    func source(_ fixture: String) throws -> String {
        let text = try String(
            contentsOf: CompilerHarness.fixtures.appending(path: "\(fixture).txt"), encoding: .utf8)
        let modules = ["WeaverRuntime"] + (inTwoModules && fixture == "Services" ? ["Stock"] : [])
        let level = hasInternalImports && access != "internal" ? "\(access) " : ""
        return text.replacingOccurrences(
            of: "// IMPORT", with: modules.map { "\(level)import \($0)" }.joined(separator: "\n")
        )
        .replacingOccurrences(of: "ACCESS ", with: access == "internal" ? "" : "\(access) ")
    }

    /// Swift 6.3 does not count what expansions use as a use of a `package import` (it does for a `public` one), but
    /// refuses them without it.
    func isCompilersFault(_ diagnostic: String) -> Bool {
        access == "package" && hasInternalImports
            && diagnostic.hasSuffix("package import of 'WeaverRuntime' was not used in package declarations")
    }
}
