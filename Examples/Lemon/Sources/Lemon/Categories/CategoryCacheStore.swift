import GRDB
import WeaverRuntime

/// The cache, and the categories' table behind it.
///
/// While the owner of an id is down, another replica answers for it, and both keep what they cached. So that neither ever
/// shows an old value, an entry counts only while no other process has written to the database since it was checked;
/// after that, one look at the row confirms or replaces it. SQLite tells which is the case (`PRAGMA data_version`).
///
/// A replica that takes over an id knows it, too: it loads the table before it gets calls, and again when it was not
/// called for a while, because another one may have stood in for it meanwhile.
///
/// An actor whose methods never suspend: no write can come between reading a row and caching it. Waiting for SQLite blocks
/// the thread, so they run on the pool and not on the process's event loop.
@Implements(CategoryCache.self, runsOn: .pool, routedBy: CategoryCacheRouter.self)
actor CategoryCacheStore: CategoryCache {
    @Config var config: DatabaseConfig
    private let database: DatabaseQueue
    private var entries = CategoryEntries()
    private var lastCall: ContinuousClock.Instant?

    /// After so long without a call the table is loaded again. The deployer takes 5 s to notice that a replica is silent.
    private static let quietTime = Duration.seconds(2)

    init(context: ComponentContext) async throws {
        database = try Database.open(try context.config(DatabaseConfig.self).database)
    }

    func start() async throws {
        try load()
    }

    func get(_ id: Int) async throws -> CachedCategory? {
        try catchUp()
        return try lookUp(id)
    }

    func create(_ category: Category) async throws -> Bool {
        try catchUp()
        return try write(category, sql: "INSERT INTO category (name, id) VALUES (?, ?) ON CONFLICT (id) DO NOTHING")
    }

    func update(_ category: Category) async throws -> Bool {
        try catchUp()
        return try write(category, sql: "UPDATE category SET name = ? WHERE id = ?")
    }

    private func catchUp() throws {
        let now = ContinuousClock.now
        defer { lastCall = now }
        if let lastCall, now - lastCall < Self.quietTime { return }
        try load()
    }

    private func load() throws {
        try database.read { database in
            let version = try Self.version(of: database)
            let rows = try Category.fetchAll(
                database, sql: "SELECT id, name FROM category LIMIT ?", arguments: [CategoryEntries.capacity])
            for row in rows { entries.remember(row, version) }
        }
    }

    private func lookUp(_ id: Int) throws -> CachedCategory? {
        try database.read { database in
            let version = try Self.version(of: database)
            let cached = entries[id]
            if let cached, cached.checkedAt == version {
                return CachedCategory(category: cached.category, isHit: true)
            }
            guard let stored = try Self.row(id, in: database) else {
                entries.forget(id)
                return nil
            }
            entries.remember(stored, version)
            return CachedCategory(category: stored, isHit: stored == cached?.category)
        }
    }

    private func write(_ category: Category, sql: String) throws -> Bool {
        let version: Int? = try database.write { database in
            try database.execute(sql: sql, arguments: [category.name, category.id])
            return database.changesCount > 0 ? try Self.version(of: database) : nil
        }
        guard let version else { return false }
        entries.remember(category, version)
        return true
    }

    /// A number that changes when another connection has written to the database, and only then.
    private static func version(of database: GRDB.Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA data_version") ?? 0
    }

    private static func row(_ id: Int, in database: GRDB.Database) throws -> Category? {
        try Category.fetchOne(database, sql: "SELECT id, name FROM category WHERE id = ?", arguments: [id])
    }
}
