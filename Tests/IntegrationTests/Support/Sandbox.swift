import Foundation

/// A folder of a test's own for everything that the programs write: config, database, registry, sockets, output.
final class Sandbox: Sendable {
    let folder: String

    init() throws {
        // Short, because socket paths are.
        folder = "/tmp/weaver-test-\(UInt32.random(in: 0 ... .max))"
        for name in ["", "/data", "/run", "/tmp"] {
            try FileManager.default.createDirectory(
                atPath: folder + name, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The environment in which the programs find only this folder.
    var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["XDG_DATA_HOME"] = folder + "/data"
        environment["XDG_RUNTIME_DIR"] = folder + "/run"
        environment["TMPDIR"] = folder + "/tmp"
        environment["HOME"] = folder
        environment["WEAVER_BINARIES"] = nil
        return environment
    }

    /// Writes a file and gives its path.
    func write(_ text: String, to name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Everything in the folders that the programs share with others, but for the registry's own folder.
    func leftBehind() -> [String] {
        ["data", "run", "tmp"].flatMap { name in
            let root = "\(folder)/\(name)"
            let found = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
            return found.map { "\(root)/\($0)" }
        }.filter { !["\(folder)/data/weaver", "\(folder)/data/weaver/deployments"].contains($0) }
    }

    /// The config of the lemon application, on a free port.
    func lemonConfig(listener: String = "127.0.0.1:0", extra: String = "") throws -> String {
        try write(
            """
            [weaver]
            name = "lemon"
            binary = "\(Binaries.lemon)"
            \(extra)
            [Products]
            database = "\(folder)/lemon.db"

            [CategoryCache]
            database = "\(folder)/lemon.db"

            [multi.listeners.lemon]
            address = "\(listener)"

            [single.listeners.lemon]
            address = "\(listener)"
            """, to: "weaver.toml")
    }

    /// The config of the application that misbehaves, on a free port.
    func unrulyConfig(extra: String = "") throws -> String {
        try write(
            """
            [weaver]
            name = "unruly"
            binary = "\(Binaries.unruly)"

            [multi.listeners.door]
            address = "127.0.0.1:0"
            \(extra)
            """, to: "weaver.toml")
    }
}
