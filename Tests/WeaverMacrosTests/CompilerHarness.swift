import Foundation

/// Runs the compiler over sources that use the macros, with the modules and the plugin of the build that the test is
/// part of: expansions are checked as a user's compiler sees them.
struct CompilerHarness {
    /// A run that has ended.
    struct Outcome {
        let status: Int32
        /// All that the compiler has printed.
        let output: String

        /// The warnings and errors, one a line: `file:line:column: warning: text`.
        var diagnostics: [String] {
            output.split(separator: "\n").map(String.init).filter { line in
                line.contains(": warning: ") || line.contains(": error: ") || line.hasPrefix("error: ")
            }
        }
    }

    /// A folder of its own, for sources and modules.
    let folder: URL
    private let build: URL

    /// Where the fixtures are.
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    private static let package = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Makes the folder, gives it to `body`, and removes it.
    static func withHarness<R>(_ body: (CompilerHarness) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weaver-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(CompilerHarness(folder: folder, build: Bundle.main.bundleURL))
    }

    /// Compiles `sources`, names of files and their texts, as the module `name`, up to the intermediate language:
    /// data races between regions are diagnosed there, not by the type checker. With `emitsModule`, others can import
    /// the module.
    func compile(
        _ name: String, _ sources: [String: String], flags: [String] = [], emitsModule: Bool = false
    ) async throws -> Outcome {
        let result = folder.appending(path: emitsModule ? "\(name).swiftmodule" : "\(name).sil").path
        let mode = emitsModule ? ["-emit-module", "-emit-module-path", result] : ["-emit-sil", "-o", result]
        return try await compile(name, sources, flags: mode + flags)
    }

    /// Compiles `sources` to the object `name.o` and the module `name`.
    func object(_ name: String, _ sources: [String: String], flags: [String]) async throws -> Outcome {
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
            ["swiftc", "-wmo", "-parse-as-library", "-module-name", name, "-package-name", "shop"] + environment + flags
                + files, log: name)
    }

    /// Links objects and static libraries of this folder with the runtime that the test is part of, as a release build
    /// does, which leaves out what nothing refers to. Gives what the program prints.
    func linkAndRun(_ files: [String]) async throws -> Outcome {
        let modules = [
            "CTOML", "CWeaverSection", "HTTPTypes", "Logging", "SwiftProtobuf", "TOMLKit", "WeaverCore", "WeaverLoop",
            "WeaverProtocol", "WeaverRuntime",
        ]
        let objects = try modules.flatMap { module in
            let objects = build.appending(path: "\(module)-tool.build")
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
    func archive(_ name: String, _ objects: [String]) async throws {
        let paths = objects.map { $0.hasPrefix("/") ? $0 : folder.appending(path: $0).path }
        _ = try await run(["ar", "rcs", folder.appending(path: name).path] + paths, log: name)
    }

    /// What makes WeaverRuntime and the modules below it visible, and the macros known.
    private var environment: [String] {
        // What macros and their tests are linked with is built for the host, in folders of its own.
        let modules = build.appending(path: "Modules-tool").path
        let maps = ["CWeaverSection", "CTOML"].flatMap { module in
            ["-Xcc", "-fmodule-map-file=" + build.appending(path: "\(module)-tool.build/module.modulemap").path]
        }
        let plugin = build.appending(path: "WeaverMacros-tool").path
        return ["-diagnostic-style", "llvm", "-I", folder.path, "-I", modules]
            + ["-I", Self.package.appending(path: "Sources/CUV").path]
            + maps + ["-load-plugin-executable", "\(plugin)#WeaverMacros"]
    }

    private func run(_ arguments: [String], log name: String) async throws -> Outcome {
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
