/// The versions of the pipe protocol that a side speaks.
package enum PipeProtocol {
    /// What this build speaks.
    package static let supported: ClosedRange<UInt32> = 1...1

    /// The highest version that both sides speak, or which side is too old, in words.
    package static func negotiate(
        deployer: ClosedRange<UInt32>, weavelet: ClosedRange<UInt32> = supported
    ) -> Result<UInt32, PipeProtocolMismatch> {
        let highest = min(deployer.upperBound, weavelet.upperBound)
        if highest >= max(deployer.lowerBound, weavelet.lowerBound) { return .success(highest) }
        return .failure(PipeProtocolMismatch(deployer: deployer, weavelet: weavelet))
    }
}

/// Deployer and application have no protocol version in common.
package struct PipeProtocolMismatch: Error, CustomStringConvertible {
    package let deployer: ClosedRange<UInt32>
    package let weavelet: ClosedRange<UInt32>

    package var description: String {
        let older =
            deployer.upperBound < weavelet.lowerBound
            ? "upgrade the weaver command" : "rebuild the application with a newer WeaverRuntime"
        return
            "the weaver command speaks versions \(deployer.lowerBound) to \(deployer.upperBound) of the pipe protocol "
            + "and the application \(weavelet.lowerBound) to \(weavelet.upperBound): \(older)"
    }
}

/// What a process of a deployment is told before anything else.
package struct SetupInfo: Equatable, Sendable {
    package var protocolVersions = PipeProtocol.supported
    /// The application's name.
    package var application: String
    /// A UUID.
    package var deployment: String
    /// A UUID.
    package var replica: String
    /// The components of this process, by full name.
    package var group: [String]
    /// ``secretLength`` bytes that all processes of the deployment share.
    package var secret: [UInt8]
    /// Config sections of the group's components, as TOML text, by full name.
    package var sections: [String: String]
    /// The default bound of a call.
    package var deadline: Duration
    /// Components that this process may call.
    package var reachable: [String]
    /// Those of them whose calls go to the owner of a key.
    package var routed: [String]
    /// Where to listen for component calls: the path of a Unix socket. Nil for a port.
    package var callSocket: String?
    /// How many of the traces that begin in a process are recorded each second; nil where the deployer takes none.
    package var tracesPerSecond: Int?

    /// The deployment's secret has 256 bits.
    package static let secretLength = 32

    package init(
        application: String, deployment: String, replica: String, group: [String], secret: [UInt8],
        sections: [String: String], deadline: Duration, reachable: [String], routed: [String]
    ) {
        self.application = application
        self.deployment = deployment
        self.replica = replica
        self.group = group
        self.secret = secret
        self.sections = sections
        self.deadline = deadline
        self.reachable = reachable
        self.routed = routed
    }
}

/// What a process says of itself once it listens.
package struct WeaveletInfo: Equatable, Sendable {
    /// The version of the pipe protocol that it has chosen.
    package var protocolVersion: UInt32
    /// Where it takes component calls.
    package var address: String
    package var processID: Int64
    /// Identifies the binary.
    package var version: String

    package init(protocolVersion: UInt32, address: String, processID: Int64, version: String) {
        self.protocolVersion = protocolVersion
        self.address = address
        self.processID = processID
        self.version = version
    }
}

/// The replicas of a component that take calls now.
package struct RoutingInfo: Equatable, Sendable {
    package struct Replica: Hashable, Sendable {
        package var id: String
        package var address: String

        package init(id: String, address: String) {
            self.id = id
            self.address = address
        }
    }

    package var component: String
    package var replicas: [Replica]
    /// Only for routed components.
    package var assignment: Assignment?
    /// Every replica has died too often, and none will be started again: calls fail at once.
    package var isGivenUp: Bool

    package init(component: String, replicas: [Replica], assignment: Assignment? = nil, isGivenUp: Bool = false) {
        self.component = component
        self.replicas = replicas
        self.assignment = assignment
        self.isGivenUp = isGivenUp
    }
}
