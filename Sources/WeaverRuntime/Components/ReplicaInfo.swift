#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Which process this is, of which deployment.
public struct ReplicaInfo: Sendable, Hashable {
    /// The application's name.
    public let application: String
    /// The deployment's id, a UUID; one of its own for a single process.
    public let deployment: String
    /// The replica's id, a UUID.
    public let replica: String
    /// The components that share this process.
    public let group: [String]

    /// Describes a process.
    package init(application: String, deployment: String, replica: String, group: [String]) {
        self.application = application
        self.deployment = deployment
        self.replica = replica
        self.group = group
    }

    /// Describes a process that belongs to no deployment.
    package init(alone application: String, group: [String]) {
        let identifier = Self.freshIdentifier()
        self.init(application: application, deployment: identifier, replica: identifier, group: group)
    }

    /// An identifier that nothing else has: a UUID in lower case.
    package static func freshIdentifier() -> String { UUID().uuidString.lowercased() }

    /// The first eight characters of the replica's id, as logs show it.
    public var shortReplica: String { String(replica.prefix(8)) }
}
