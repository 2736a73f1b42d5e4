import Foundation
import TestSupport
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
                harness.compile("Stock", interface, flags: cell.interfaceFlags, emitsModule: true),
                harness.compile("Shop", services, flags: cell.flags),
            ]
        }
        let unexpected = found.flatMap(\.diagnostics).filter { !cell.isCompilersFault($0) }
        #expect(unexpected.isEmpty, "\(cell)")
        #expect(found.allSatisfy { $0.status == 0 }, "\(cell)")
    }

    @Test("a container that mixes an only-Codable with an only-fast element is refused, and named")
    func mixedContainer() async throws {
        let source = try String(contentsOf: Fixtures.folder.appending(path: "Mixed.txt"), encoding: .utf8)
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

    @Test("an error that neither is @Serializable nor Codable is refused in words")
    func bareError() async throws {
        let source = """
            import WeaverRuntime
            struct Bare: Error { var reason: any Error }
            @Component(errors: Bare.self) protocol Store: Sendable { func get() async throws }
            """
        let outcome = try await CompilerHarness.withHarness { harness in
            try await harness.compile("Shop", ["Bare.swift": source], flags: ["-swift-version", "6"])
        }
        #expect(outcome.diagnostics.count == 1)
        #expect(outcome.output.contains("an error of this type cannot travel between processes: mark its type"))
    }
}

/// One cell of the matrix.
struct Setting: CustomTestStringConvertible {
    /// A set of the compiler's settings.
    struct Flags {
        let name: String
        let flags: [String]

        var hasInternalImports: Bool { flags.contains("InternalImportsByDefault") }
    }

    let access: String
    let mode: String
    let settings: Flags
    /// The language mode and settings of the interfaces' module, where it has others.
    var interfaceMode: String?
    var interfaceSettings: Flags?

    /// Interfaces in one module, implementations in another, where that is of use.
    var inTwoModules: Bool { access != "internal" }

    private static let none = Flags(name: "none", flags: [])
    private static let single =
        [
            Flags(name: "MainActor", flags: ["-default-isolation", "MainActor"]),
            Flags(name: "strict memory safety", flags: ["-strict-memory-safety"]),
        ]
        + [
            "ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault",
        ].map { Flags(name: $0, flags: ["-enable-upcoming-feature", $0]) }
    private static let all = Flags(name: "all", flags: single.flatMap(\.flags))

    /// Every setting in both modes for what is internal and what is public; what is package, which is seen as public
    /// is, with none and with all; and modules that differ.
    static let cells: [Setting] = {
        let modes = ["5", "6"]
        let sets = [none] + single + [all]
        let same = ["internal", "package", "public"].flatMap { access in
            modes.flatMap { mode in
                (access == "package" ? [none, all] : sets).map {
                    Setting(access: access, mode: mode, settings: $0)
                }
            }
        }
        let different = ["package", "public"].flatMap { access in
            [
                Setting(access: access, mode: "6", settings: all, interfaceMode: "5", interfaceSettings: none),
                Setting(access: access, mode: "5", settings: none, interfaceMode: "6", interfaceSettings: all),
            ]
        }
        return same + different
    }()

    var testDescription: String {
        let interface = interfaceSettings.map { ", interfaces in mode \(interfaceMode ?? mode), \($0.name)" } ?? ""
        return "\(access), language mode \(mode), \(settings.name)\(interface)"
    }

    var flags: [String] { ["-swift-version", mode] + settings.flags }

    var interfaceFlags: [String] {
        ["-swift-version", interfaceMode ?? mode] + (interfaceSettings ?? settings).flags
    }

    /// The fixture's text, with this cell's access level and imports.
    func source(_ fixture: String) throws -> String {
        let text = try String(
            contentsOf: Fixtures.folder.appending(path: "\(fixture).txt"), encoding: .utf8)
        let modules = fixture == "Interface" ? ["FoundationEssentials"] : inTwoModules ? ["Stock"] : []
        let settings = fixture == "Interface" ? interfaceSettings ?? settings : settings
        let level = settings.hasInternalImports && access != "internal" ? "\(access) " : ""
        return text.replacingOccurrences(
            of: "// IMPORT", with: (["WeaverRuntime"] + modules).map { "\(level)import \($0)" }.joined(separator: "\n")
        )
        .replacingOccurrences(of: "ACCESS ", with: access == "internal" ? "" : "\(access) ")
    }

    /// Swift 6.3 does not count what expansions use as a use of a `package import` (it does for a `public` one), but
    /// refuses them without it.
    func isCompilersFault(_ diagnostic: String) -> Bool {
        access == "package"
            && diagnostic.hasSuffix("package import of 'WeaverRuntime' was not used in package declarations")
    }
}

/// Sources that the compiler is given.
private enum Fixtures {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
}
