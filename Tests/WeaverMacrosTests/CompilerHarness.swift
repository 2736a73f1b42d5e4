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
        let files = try sources.keys.sorted().map { file in
            let url = folder.appending(path: file)
            try Data(sources[file, default: ""].utf8).write(to: url)
            return url.path
        }
        let result = folder.appending(path: emitsModule ? "\(name).swiftmodule" : "\(name).sil").path
        let mode = emitsModule ? ["-emit-module", "-emit-module-path", result] : ["-emit-sil", "-o", result]
        return try await run(
            mode + ["-wmo", "-parse-as-library", "-module-name", name, "-package-name", "shop"] + environment + flags
                + files, log: folder.appending(path: "\(name).log"))
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

    private func run(_ arguments: [String], log: URL) async throws -> Outcome {
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let output = try FileHandle(forWritingTo: log)
        defer { try? output.close() }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swiftc"] + arguments
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
