package import Foundation

/// Runs the compiler over sources that use the macros, with the modules and the plugin of the build that the test is
/// part of: expansions are checked as a user's compiler sees them.
package struct CompilerHarness: Sendable {
    /// A run that has ended.
    package struct Outcome: Sendable {
        package let status: Int32
        /// All that the compiler has printed.
        package let output: String

        /// The warnings and errors, one a line: `file:line:column: warning: text`.
        package var diagnostics: [String] {
            output.split(separator: "\n").map(String.init).filter { line in
                line.contains(": warning: ") || line.contains(": error: ") || line.hasPrefix("error: ")
            }
        }
    }

    /// A folder of its own, for sources and modules.
    package let folder: URL

    /// The folder of this package.
    package static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    /// What this test was built into.
    private static let build = Bundle.main.bundleURL
    private static let environment = ProcessInfo.processInfo.environment

    /// What the names of build products end with: what macros and their tests are linked with is built for the host, in
    /// folders of its own. A build with a plugin that was made before has none.
    private static let suffix = usesPrebuiltPlugin ? "" : "-tool"
    private static let usesPrebuiltPlugin = environment["WEAVER_PREBUILT_MACROS"] == "1"

    /// The macros' plugin: that of this build, or the one that was made before, which `WEAVER_PLUGIN` names.
    private static let plugin =
        usesPrebuiltPlugin
        ? environment["WEAVER_PLUGIN"] ?? "" : build.appending(path: "WeaverMacros-tool").path

    /// Whether sources that use the macros can be compiled.
    package static let hasPlugin = FileManager.default.isExecutableFile(atPath: plugin)
    /// What to do when they cannot.
    package static let howToHavePlugin = "WEAVER_PREBUILT_MACROS is set and WEAVER_PLUGIN does not name the plugin"

    /// Makes the folder, gives it to `body`, and removes it.
    package static func withHarness<R>(_ body: (CompilerHarness) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weaver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(CompilerHarness(folder: folder))
    }

    /// Compiles `sources`, names of files and their texts, as the module `name`, up to the intermediate language:
    /// data races between regions are diagnosed there, not by the type checker. With `emitsModule`, others can import
    /// the module.
    package func compile(
        _ name: String, _ sources: [String: String], flags: [String] = [], emitsModule: Bool = false
    ) async throws -> Outcome {
        let result = folder.appending(path: emitsModule ? "\(name).swiftmodule" : "\(name).sil").path
        let mode = emitsModule ? ["-emit-module", "-emit-module-path", result] : ["-emit-sil", "-o", result]
        return try await compile(name, sources, flags: mode + flags)
    }

    /// Compiles `sources` to the object `name.o` and the module `name`.
    package func object(_ name: String, _ sources: [String: String], flags: [String]) async throws -> Outcome {
        let paths = ["swiftmodule", "o"].map { folder.appending(path: "\(name).\($0)").path }
        return try await compile(
            name, sources,
            flags: ["-emit-module", "-emit-module-path", paths[0], "-emit-object", "-o", paths[1]] + flags)
    }

    private func compile(_ name: String, _ sources: [String: String], flags: [String]) async throws -> Outcome {
        let files = try sources.keys.sorted().map { file in
            let url = folder.appending(path: file)
            try Data(sources[file, default: ""].utf8).write(to: url)
            return url.path
        }
        return try await run(
            ["swiftc", "-wmo", "-parse-as-library", "-module-name", name, "-package-name", "shop"] + options + flags
                + files, log: name)
    }

    /// Links objects and static libraries of this folder with the runtime that the test is part of, as a release build
    /// does, which leaves out what nothing refers to. Gives what the program prints.
    package func linkAndRun(_ files: [String]) async throws -> Outcome {
        let modules = [
            "CTOML", "CWeaverSection", "CoreMetrics", "HTTPTypes", "Instrumentation", "Logging", "ServiceContextModule",
            "SwiftProtobuf", "TOMLKit", "Tracing", "WeaverCore", "WeaverLoop", "WeaverProtocol", "WeaverRuntime",
        ]
        let objects = try modules.flatMap { module in
            let objects = Self.build.appending(path: "\(module)\(Self.suffix).build")
            return try FileManager.default.subpathsOfDirectory(atPath: objects.path).filter { $0.hasSuffix(".o") }
                .map { objects.appending(path: $0).path }
        }
        try await archive("libruntime.a", objects)
        let program = folder.appending(path: "program").path
        let libraries = ["uv", "stdc++", "swiftSynchronization", "dispatch", "swiftDispatch"].map { "-l\($0)" }
        let linked = try await run(
            ["swiftc", "-o", program, "-Xlinker", "--gc-sections"] + files.map { folder.appending(path: $0).path }
                + [folder.appending(path: "libruntime.a").path] + libraries, log: "link")
        guard linked.status == 0 else { return linked }
        return try await run([program], log: "program")
    }

    /// Makes a static library of objects.
    package func archive(_ name: String, _ objects: [String]) async throws {
        let paths = objects.map { $0.hasPrefix("/") ? $0 : folder.appending(path: $0).path }
        _ = try await run(["ar", "rcs", folder.appending(path: name).path] + paths, log: name)
    }

    /// What makes WeaverRuntime and the modules below it visible.
    package static var visibility: [String] {
        let maps = ["CWeaverSection", "CWeaverTesting", "CTOML"].flatMap { module in
            ["-Xcc", "-fmodule-map-file=" + build.appending(path: "\(module)\(suffix).build/module.modulemap").path]
        }
        return [
            "-I", build.appending(path: "Modules\(suffix)").path, "-I", package.appending(path: "Sources/CUV").path,
        ]
            + maps
    }

    /// The same, and the macros known.
    private var options: [String] {
        ["-diagnostic-style", "llvm", "-I", folder.path] + Self.visibility
            + ["-load-plugin-executable", "\(Self.plugin)#WeaverMacros"]
    }

    /// Runs a program to its end, by its name or path; its output is put into a file of that name.
    package func run(_ arguments: [String], log name: String) async throws -> Outcome {
        let log = folder.appending(path: "\(name).log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        defer { try? output.close() }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in done.resume() }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
        return Outcome(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: log), as: UTF8.self))
    }
}
