internal import WeaverRuntime

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What a process that a test has started has to know to choose the same components as the test: an environment variable.
struct ReplicaManifest: Equatable {
    /// The environment variable, which also says that the process is a replica and shall run no tests.
    static let variable = "WEAVER_TEST_REPLICA"

    /// The listed implementations, by the names by which the runtime of Swift finds types.
    var types: [String] = []
    /// The components that fakes of the test stand for.
    var faked: [String] = []

    /// What `application` has to be described by.
    ///
    /// - Throws: ``WeaverTestError/localType(_:)``
    init(_ application: TestApplication) throws(WeaverTestError) {
        for type in application.listed {
            guard let name = _mangledTypeName(type), _typeByName(name) != nil else {
                throw .localType(
                    "\(type) is local to a function, so that another process cannot find it: move it out for .multi")
            }
            types.append(name)
        }
        faked = application.faked.sorted()
    }

    // MARK: Its text

    /// Reads what ``text`` has written.
    init(text: Substring) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        types = parts.first?.split(separator: " ").map(String.init) ?? []
        faked = parts.dropFirst().first?.split(separator: " ").map(String.init) ?? []
    }

    /// As the value of an environment variable.
    var text: String { "\(types.joined(separator: " "));\(faked.joined(separator: " "))" }

    // MARK: What it is for

    /// This binary once more, as a replica of `application`.
    func program(of application: TestApplication) -> Envelope.Program {
        Envelope.Program(
            executable: Self.executable, arguments: Array(CommandLine.arguments.dropFirst()),
            environment: MultiDeployment.childEnvironment(
                ProcessInfo.processInfo.environment,
                adding: application.config.config.environment + ["\(Self.variable)=\(text)"]))
    }

    /// The running file itself, whatever has become of its path.
    private static var executable: String {
        #if os(Linux)
            "/proc/self/exe"
        #else
            CommandLine.arguments[0]
        #endif
    }

    /// The components that the test has chosen.
    func registry(of linked: LinkedRecords) throws -> ComponentRegistry {
        let listed = try types.map { name in
            guard let type = _typeByName(name) as? any Implementation.Type else {
                throw WeaverTestError.localType("\(name) is no implementation of this binary")
            }
            return type.implementationRecord
        }
        let known = Fakes.descriptors(of: linked.implementations + listed)
        let fakes = faked.compactMap { known[$0].map { Fakes.record(elsewhere: $0) } }
        try linked.registerErrors(with: listed + fakes)
        return try ComponentChoice(linked: linked.implementations, listed: listed, fakes: fakes).registry
    }
}
