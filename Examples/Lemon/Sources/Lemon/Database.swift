import Foundation
import GRDB
import WeaverRuntime

/// The settings of a component that uses the shop's database.
struct DatabaseConfig: ValidatedConfig {
    /// The SQLite file, made when it is missing. Relative to the working directory.
    var database = "lemon.db"

    enum CodingKeys: CodingKey {
        case database
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        database = try container.decodeIfPresent(String.self, forKey: .database) ?? database
    }

    func validate() throws {
        if database.isEmpty { throw ConfigError(description: "database must not be empty") }
    }

    struct ConfigError: Error, CustomStringConvertible {
        var description: String
    }
}

/// The shop's SQLite database. Several processes have it open at a time: write-ahead logging lets readers go on while one
/// process writes, and writers wait for each other instead of failing.
enum Database {
    /// How long a writer waits for another one.
    static let busyTimeout: TimeInterval = 10

    /// Opens the file, and makes the tables when they are missing.
    static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(busyTimeout)
        let queue = try retryingWhileBusy { try DatabaseQueue(path: path, configuration: configuration) }
        try retryingWhileBusy { try queue.write(createTables) }
        return queue
    }

    private static func createTables(in database: GRDB.Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS category (
                    id INTEGER PRIMARY KEY,
                    name TEXT NOT NULL
                );
                CREATE TABLE IF NOT EXISTS product (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    name TEXT NOT NULL,
                    description TEXT NOT NULL,
                    price REAL NOT NULL,
                    category_id INTEGER REFERENCES category (id)
                );
                """)
    }

    /// Switching a new file to write-ahead logging is the one step for which SQLite does not wait: when the replicas all
    /// start at once, it fails for all but one of them.
    private static func retryingWhileBusy<Result>(_ body: () throws -> Result) throws -> Result {
        let deadline = ContinuousClock.now + .seconds(busyTimeout)
        while true {
            do {
                return try body()
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline
            {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
    }
}
