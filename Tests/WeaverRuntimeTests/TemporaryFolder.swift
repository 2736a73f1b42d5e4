#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs `body` with the absolute path of a new folder, which is removed after it with everything in it.
func withTemporaryFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = try makeTemporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// Puts a file there, over one that there is.
func put(_ bytes: [UInt8], at path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
}

/// A short path, so that sockets fit below it.
private func makeTemporaryFolder() throws -> String {
    let folder = "/tmp/wvr-\(UInt64.random(in: 0..<1 << 40))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    return folder
}
