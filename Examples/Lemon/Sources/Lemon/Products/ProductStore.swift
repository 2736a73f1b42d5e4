import GRDB
import WeaverRuntime

/// Products in SQLite. GRDB runs the statements on a thread of its own, so they do not hold up the process's event loop.
@Implements(Products.self)
final class ProductStore: Products {
    @Config var config: DatabaseConfig
    private let database: DatabaseQueue

    init(context: ComponentContext) async throws {
        database = try Database.open(try context.config(DatabaseConfig.self).database)
    }

    func list(_ ids: [Int]) async throws -> [Product] {
        let found = try await database.read { database in
            try Product.fetchAll(
                database,
                sql: """
                    SELECT product.*, category.name AS category_name
                    FROM product LEFT JOIN category ON category.id = product.category_id
                    WHERE product.id IN (\(databaseQuestionMarks(count: ids.count)))
                    """,
                arguments: StatementArguments(ids))
        }
        let byID = Dictionary(uniqueKeysWithValues: found.map { ($0.id, $0) })
        return ids.compactMap { byID[$0] }
    }

    func create(_ draft: ProductDraft) async throws -> Int {
        try await database.write { database in
            try Self.checkCategory(of: draft, in: database)
            try database.execute(
                sql: "INSERT INTO product (name, description, price, category_id) VALUES (?, ?, ?, ?)",
                arguments: [draft.name, draft.description ?? "", draft.price, draft.categoryID])
            return Int(database.lastInsertedRowID)
        }
    }

    func update(_ id: Int, to draft: ProductDraft) async throws -> Bool {
        try await database.write { database in
            try Self.checkCategory(of: draft, in: database)
            try database.execute(
                sql: "UPDATE product SET name = ?, description = ?, price = ?, category_id = ? WHERE id = ?",
                arguments: [draft.name, draft.description ?? "", draft.price, draft.categoryID, id])
            return database.changesCount > 0
        }
    }

    func delete(_ id: Int) async throws -> Bool {
        try await database.write { database in
            try database.execute(sql: "DELETE FROM product WHERE id = ?", arguments: [id])
            return database.changesCount > 0
        }
    }

    private static func checkCategory(of draft: ProductDraft, in database: GRDB.Database) throws {
        guard let category = draft.categoryID else { return }
        let exists = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM category WHERE id = ?)", arguments: [category])
        if exists != true { throw ProductError.unknownCategory(category) }
    }
}
