import Foundation
import Testing

/// The programs under test, built before by `make test`, which names their folder in `WEAVER_BINARIES`.
enum Binaries {
    /// The command line.
    static let weaver = path("weaver")
    /// The example application.
    static let lemon = path("Lemon")
    /// The service that had no components once.
    static let shop = path("HummingbirdShop")
    /// The application that misbehaves.
    static let unruly = path("UnrulyApp")

    /// Whether somebody has said where they are; that they are really there is a test of its own.
    static let areNamed = ProcessInfo.processInfo.environment["WEAVER_BINARIES"] != nil
    /// What to do when nobody has.
    static let howToBuild: Comment = "run by `make test`, which builds the binaries and sets WEAVER_BINARIES"

    /// Their folder.
    static let folder = ProcessInfo.processInfo.environment["WEAVER_BINARIES"] ?? ""

    private static func path(_ name: String) -> String { folder + "/" + name }
}

/// The tests that start real processes: one at a time, because each has the machine to itself.
@Suite(.serialized, .enabled(if: Binaries.areNamed, Binaries.howToBuild), .timeLimit(.minutes(5)))
enum Integration {
    @Test(arguments: [Binaries.weaver, Binaries.lemon, Binaries.shop, Binaries.unruly])
    static func everyBinaryIsThere(path: String) {
        #expect(FileManager.default.isExecutableFile(atPath: path))
    }
}
