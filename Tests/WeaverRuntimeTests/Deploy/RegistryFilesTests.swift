import Testing

@testable import WeaverRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct RegistryFilesTests {
    @Test func `files that are no entries are ignored and left alone`() throws {
        try withTemporaryFolder { folder in
            let registry = DeploymentRegistry(folder: folder + "/r")
            let good = DeploymentRegistry.Entry(app: "lemon", deployment: "a", pid: 1, socket: folder + "/s")
            try registry.register(good)
            let bytes = try SmallFile.read(folder + "/r/a.json", limit: 10_000)
            func entry(_ id: String, socket: String) throws -> [UInt8] {
                var entry = good
                entry.deployment = id
                entry.socket = socket
                return try [UInt8](JSONEncoder().encode(entry))
            }
            let foreign: [String: [UInt8]] = [
                "another.json": bytes, "open.json": Array("{".utf8), "empty.json": [], "notes.txt": bytes,
                "large.json": [UInt8](repeating: UInt8(ascii: " "), count: DeploymentRegistry.entryLimit) + bytes,
                "long.json": try entry("long", socket: String(repeating: "/x", count: 52)),
                "nowhere.json": try entry("nowhere", socket: ""),
            ]
            for (name, bytes) in foreign { try put(bytes, at: "\(folder)/r/\(name)") }
            let files = FileManager.default
            try files.createDirectory(atPath: folder + "/r/folder.json", withIntermediateDirectories: false)
            try put(try entry("link", socket: folder + "/s"), at: folder + "/elsewhere")
            try files.createSymbolicLink(atPath: folder + "/r/link.json", withDestinationPath: folder + "/elsewhere")
            #expect(registry.entries() == [good])
            #expect(try files.contentsOfDirectory(atPath: folder + "/r").count == foreign.count + 3)
        }
    }
}
