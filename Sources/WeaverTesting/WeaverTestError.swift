/// Why an application under test could not be run, the same with every ``WeaverRunner``.
///
/// What is wrong with the components' refs is thrown as `ComponentProblems`.
public enum WeaverTestError: Error, Equatable, CustomStringConvertible {
    /// A fake stands for no component, or two for one.
    case fake(String)
    /// The config has a mistake, with its line: `config:3: ...`.
    case config(String)
    /// A component did not start, or not in time. `log` has the last lines of the application's log.
    case start(reason: String, log: [String])
    /// Nothing that runs has the interface.
    case unknownInterface(String)
    /// An implementation that another process cannot find: local to a function, or private in a shared library.
    case localType(String)
    /// The platform does not have the runner.
    case unsupportedRunner(String)

    /// In words.
    public var description: String {
        switch self {
        case .fake(let reason), .config(let reason), .unknownInterface(let reason), .localType(let reason),
            .unsupportedRunner(let reason):
            reason
        case .start(let reason, let log):
            log.isEmpty ? reason : "\(reason)\nthe end of its log:\n\(log.joined(separator: "\n"))"
        }
    }
}
