import Foundation
import Testing

@testable import WeaverCLI

@Suite struct NewFolderTests {
    private let files = [
        NewPackage.File(path: "Package.swift", text: "// a manifest\n"),
        NewPackage.File(path: "Sources/Shop/Shop.swift", text: "// a source\n"),
    ]

    /// Gives `body` an empty folder, which is removed afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weaver-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func entries(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    }

    private let whole = ["Package.swift", "Sources", "Sources/Shop", "Sources/Shop/Shop.swift"]

    @Test func aNewFolderHasAllFilesAndNothingIsLeftBesideIt() throws {
        try withFolder { folder in
            try NewFolder.create("\(folder)/Shop", files)
            #expect(try entries("\(folder)/Shop") == whole)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["Shop"])
            #expect(try String(contentsOfFile: "\(folder)/Shop/Package.swift", encoding: .utf8) == "// a manifest\n")
        }
    }

    @Test func anEmptyFolderIsFilledAndStaysTheSameOne() throws {
        try withFolder { folder in
            let path = "\(folder)/Shop"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let before = try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
            try NewFolder.create(path, files)
            #expect(try entries(path) == whole)
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["Shop"])
        }
    }

    @Test func whatIsThereIsNotTouched() throws {
        try withFolder { folder in
            try "mine".write(toFile: "\(folder)/notes", atomically: true, encoding: .utf8)
            let full = #expect(throws: NewFolderError.self) { try NewFolder.create(folder, files) }
            #expect(full?.description == "\(folder) is there already, and is not empty; --path names another one")
            let file = #expect(throws: NewFolderError.self) { try NewFolder.create("\(folder)/notes", files) }
            #expect(file?.description == "\(folder)/notes is there already, and is no folder")
            let nowhere = #expect(throws: NewFolderError.self) { try NewFolder.create("\(folder)/a/b", files) }
            #expect(nowhere?.description == "there is no folder \(folder)/a")
            #expect(try entries(folder) == ["notes"])
        }
    }

    /// The second file's path leads through the first one, which is no folder.
    private let impossible = [
        NewPackage.File(path: "Sources", text: ""), NewPackage.File(path: "Sources/Shop.swift", text: ""),
    ]

    @Test func ofAnAttemptThatFailsNothingIsLeft() throws {
        try withFolder { folder in
            #expect(throws: NewFolderError.self) { try NewFolder.create("\(folder)/Shop", impossible) }
            #expect(try entries(folder) == [])
            try FileManager.default.createDirectory(atPath: "\(folder)/Shop", withIntermediateDirectories: false)
            #expect(throws: NewFolderError.self) { try NewFolder.create("\(folder)/Shop", impossible) }
            #expect(try entries(folder) == ["Shop"])
        }
    }
}
