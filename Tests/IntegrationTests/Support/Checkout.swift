import Foundation
import Testing

/// The package that the tests are part of, as others depend on it.
enum Checkout {
    /// Its folder.
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path

    private static let binaries = URL(filePath: Binaries.folder)
    private static let isOptimised = configuration == "release"
    /// `debug` or `release`, as the binaries under test were built.
    static let configuration = binaries.lastPathComponent

    /// Builds a package that depends on this one, and runs its tests unless the build is optimised, in the build folder of the binaries under test, so
    /// that only its own files are compiled, with the switches that those were built with. The package gets a link to the
    /// build folder, so that its binary is where a build without any switch would have put it.
    static func buildAndTest(_ folder: String, in sandbox: Sandbox) async throws {
        let scratch = binaries.deletingLastPathComponent()
        try FileManager.default.createSymbolicLink(atPath: folder + "/.build", withDestinationPath: scratch.path)
        // Packages that take turns in a build folder take the other's plan for their own: it is put aside.
        let plans = Plans(scratch: scratch)
        try plans.putAside()
        defer { plans.restore() }
        let options =
            ["--ignore-lock", "-c", configuration, "--package-path", folder]
            + ["--scratch-path", scratch.path] + plugin(scratch)
        // An optimised build for tests is another one: all modules would be compiled again.
        let commands = isOptimised ? [["build"]] : [["build", "--build-tests"], ["test", "--skip-build"]]
        for command in commands {
            let program = try Program(
                "/usr/bin/env", ["swift"] + command + options, in: sandbox, environment: try environment(in: sandbox))
            let code = try await program.exitCode(within: .seconds(500))
            try #require(code == 0, "\(command): \(program.output.suffix(4000))\(program.errors.suffix(4000))")
        }
    }

    /// The package manager's caches are the user's; what it leaves in temporary folders is not looked for.
    private static func environment(in sandbox: Sandbox) throws -> [String: String] {
        let temporary = sandbox.folder + "/swift"
        try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        return [
            "HOME": ProcessInfo.processInfo.environment["HOME"] ?? sandbox.folder, "TMPDIR": temporary,
            "XDG_DATA_HOME": temporary,
        ]
    }

    /// The options for a macro plugin that was built before, when the binaries were built with one.
    private static func plugin(_ scratch: URL) -> [String] {
        let environment = ProcessInfo.processInfo.environment
        guard environment["WEAVER_PREBUILT_MACROS"] == "1" else { return [] }
        let path = environment["WEAVER_PLUGIN"] ?? scratch.appending(path: "plugin/WeaverMacros-tool").path
        return ["-Xswiftc", "-load-plugin-executable", "-Xswiftc", "\(path)#WeaverMacros"]
    }
}

/// The files in a build folder that say what was built last.
private struct Plans {
    private static let suffix = ".aside"
    private let places: [URL]

    init(scratch: URL) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? []
        // `debug` and `release` themselves are links into the folders of the platforms.
        let platforms = names.filter { $0.contains("-linux-") || $0.contains("-macosx") }
        let builds = platforms.flatMap { platform in ["debug", "release"].map { "\(platform)/\($0)" } }
        places = [scratch] + builds.map { scratch.appending(path: $0) }
    }

    /// The plans, as they are called now.
    private func files(suffix: String) -> [URL] {
        places.flatMap { place in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
            return names.filter { $0.hasSuffix(".yaml" + suffix) || $0 == "description.json" + suffix }
                .map { place.appending(path: $0) }
        }
    }

    func putAside() throws {
        for file in files(suffix: "") {
            try FileManager.default.moveItem(at: file, to: URL(filePath: file.path + Self.suffix))
        }
    }

    func restore() {
        for file in files(suffix: "") { try? FileManager.default.removeItem(at: file) }
        for file in files(suffix: Self.suffix) {
            try? FileManager.default.moveItem(
                at: file, to: URL(filePath: String(file.path.dropLast(Self.suffix.count))))
        }
    }
}
