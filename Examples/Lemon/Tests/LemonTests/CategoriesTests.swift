import Foundation
import Testing
import WeaverTesting

@testable import Lemon

/// The shop's own components over a database of their own, in one process and in many.
@Suite(.serialized) struct CategoriesTests {
    @Test(arguments: .allRunners)
    func whatWasWrittenIsFoundInTheCacheWhicheverProcessAsks(runner: WeaverRunner) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lemon-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let config = "[CategoryCache]\ndatabase = \"\(folder.path)/lemon.db\""
        try await withWeaver(runner, components: [CategoryService.self], config: config) { weaver in
            let categories = try weaver.get((any Categories).self)
            for id in 1...8 {
                let isNew = try await categories.create(Lemon.Category(id: id, name: "Fruit \(id)"))
                let found = try await categories.get(id)
                #expect(isNew)
                #expect(found == CachedCategory(category: Lemon.Category(id: id, name: "Fruit \(id)"), isHit: true))
            }
            let isNew = try await categories.create(Lemon.Category(id: 3, name: "Nuts"))
            #expect(!isNew)
        }
    }
}
