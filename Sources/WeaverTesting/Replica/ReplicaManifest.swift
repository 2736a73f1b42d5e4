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

    /// The listed implementations, each by its place among those that are linked, which each process of a binary has in one
    /// order. One of a shared library is not among them: it has the name by which the runtime of Swift finds types, which it
    /// does not for private ones.
    var listed: [String] = []
    /// The components that fakes of the test stand for.
    var faked: [String] = []

    /// What `application` has to be described by.
    ///
    /// - Throws: ``WeaverTestError/localType(_:)``
    init(_ application: TestApplication) throws(WeaverTestError) {
        for type in application.listed {
            guard let entry = Self.entry(of: type) else {
                throw .localType(
                    "another process cannot find \(type), which is local to a function, or private in a shared library: "
                        + "move it out for .multi")
            }
            listed.append(entry)
        }
        faked = application.faked.sorted()
    }

    // MARK: Its implementations

    private static func entry(of type: any Implementation.Type) -> String? {
        let record = type.implementationRecord
        let place = LinkedRecords.all.implementations.firstIndex {
            $0.implementation == record.implementation && $0.location == record.location
        }
        if let place { return "\(place)" }
        guard let name = _mangledTypeName(type), _typeByName(name) != nil else { return nil }
        return name
    }

    private static func record(of entry: String, among linked: [ImplementationRecord]) -> ImplementationRecord? {
        // No name of a type is a number.
        if let place = Int(entry) { return linked.indices.contains(place) ? linked[place] : nil }
        return (_typeByName(entry) as? any Implementation.Type)?.implementationRecord
    }

    // MARK: Its text

    /// Reads what ``text`` has written.
    init(text: Substring) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        listed = parts.first?.split(separator: " ").map(String.init) ?? []
        faked = parts.dropFirst().first?.split(separator: " ").map(String.init) ?? []
    }

    /// As the value of an environment variable.
    var text: String { "\(listed.joined(separator: " "));\(faked.joined(separator: " "))" }

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
        let listed = try listed.map { entry in
            guard let record = Self.record(of: entry, among: linked.implementations) else {
                throw WeaverTestError.localType("\(entry) is no implementation of this binary")
            }
            return record
        }
        let known = Fakes.descriptors(of: linked.implementations + listed)
        let fakes = faked.compactMap { known[$0].map { Fakes.record(elsewhere: $0) } }
        try linked.registerErrors(with: listed + fakes)
        return try ComponentChoice(linked: linked.implementations, listed: listed, fakes: fakes).registry
    }
}
