/// What is wrong with a config: one problem, at one place.
package struct ConfigError: Error, Equatable, CustomStringConvertible {
    /// The config file's path, as it was given.
    package let file: String
    /// The line, from 1, where there is one.
    package let line: Int?
    /// What is wrong, and what would be right.
    package let message: String

    /// `weaver.toml:12: unknown key "replica" in [weaver]; did you mean "replicas"?`
    package var description: String {
        line.map { "\(file):\($0): \(message)" } ?? "\(file): \(message)"
    }
}
