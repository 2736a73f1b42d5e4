// The payload of a hello frame, sent first by the side that connected, then by the other:
//
//     u32 magic "WVR1" | 32 bytes secret | u16 lowest and u16 highest protocol version | build id | process name
//     | u32 count, the components that the sender may call
//
// The secret stands in front of everything of variable length, so that a stranger's bytes are not looked at further.

/// The 256 bits that processes of one deployment know each other by. Its description does not show it.
public struct DeploymentSecret: Sendable, CustomStringConvertible {
    /// The size in bytes.
    public static let size = 32

    fileprivate let words: [4 of UInt64]

    /// A secret from exactly ``size`` bytes; nil for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.size else { return nil }
        words = [4 of UInt64] { word in
            bytes[word * 8..<word * 8 + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    fileprivate init(wire: inout WireDecoder) throws(WireError) {
        words = [
            try wire.read(UInt64.self), try wire.read(UInt64.self), try wire.read(UInt64.self),
            try wire.read(UInt64.self),
        ]
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    package func matches(_ other: DeploymentSecret) -> Bool {
        var difference: UInt64 = 0
        for index in words.indices { difference |= words[index] ^ other.words[index] }
        return difference == 0
    }

    /// Says only that there is one.
    public var description: String { "DeploymentSecret(…)" }
}

/// What a process says of itself to its peers.
package struct Hello: Sendable {
    /// The secret of the deployment.
    package var secret: DeploymentSecret
    /// The build id of the binary; both sides must have the same one, because arguments are positional.
    package var version: String
    /// Who the process is, for logs: its replica id.
    package var name: String
    /// The components that the process may call, by full name.
    package var reachable: [String]
    /// The protocol versions that the process speaks.
    package var protocolVersions: ClosedRange<UInt16>

    /// The protocol versions that this source speaks.
    package static let supportedVersions: ClosedRange<UInt16> = 1...1
    /// The longest version or name, in bytes of UTF-8.
    static let maximumTextBytes = 256
    /// "WVR1", little-endian.
    private static let magic: UInt32 = 0x3152_5657

    package init(
        secret: DeploymentSecret, version: String, name: String, reachable: [String],
        protocolVersions: ClosedRange<UInt16> = Hello.supportedVersions
    ) {
        self.secret = secret
        self.version = version
        self.name = name
        self.reachable = reachable
        self.protocolVersions = protocolVersions
    }

    /// Writes the payload.
    package func encode(wire: inout WireEncoder) throws(WireError) {
        wire.append(Self.magic)
        for index in secret.words.indices { wire.append(secret.words[index]) }
        wire.append(protocolVersions.lowerBound)
        wire.append(protocolVersions.upperBound)
        try version.encode(wire: &wire)
        try name.encode(wire: &wire)
        try reachable.encode(wire: &wire)
    }

    /// Checks the payload of a peer's hello against this side's own; `isServer` says which side this is, for the words
    /// of a refusal. The refusal is what the other side is told before the connection is closed.
    package func check(_ payload: RawSpan, isServer: Bool) throws(CallError) -> HelloPeer {
        do {
            return try WireDecoder.withDecoder(over: payload) { wire in
                try check(wire: &wire, isServer: isServer)
            }
        } catch let error as CallError {
            throw error
        } catch {
            throw CallError(.notPermitted, "the hello of the peer cannot be read", cause: error)
        }
    }

    private func check(wire: inout WireDecoder, isServer: Bool) throws -> HelloPeer {
        guard try wire.read(UInt32.self) == Self.magic else {
            throw CallError(.notPermitted, "the peer does not speak Weaver's RPC")
        }
        guard secret.matches(try DeploymentSecret(wire: &wire)) else {
            throw CallError(.notPermitted, "the peer does not belong to this deployment")
        }
        let lowest = try wire.read(UInt16.self)
        let highest = try wire.read(UInt16.self)
        guard lowest <= highest else { throw WireError(.badValue, "protocol versions \(lowest) to \(highest)") }
        let agreed = try negotiate(with: lowest...highest, isServer: isServer)
        let theirs = HelloPeer(
            version: try String(wire: &wire), name: try String(wire: &wire), reachable: try [String](wire: &wire),
            protocolVersion: agreed)
        try wire.finish()
        guard theirs.version.utf8.count <= Self.maximumTextBytes, theirs.name.utf8.count <= Self.maximumTextBytes else {
            throw WireError(.tooLong, "a version or a name of more than \(Self.maximumTextBytes) bytes")
        }
        guard theirs.version == version else {
            throw CallError(
                .versionMismatch,
                "the processes run different builds: \(isServer ? "the caller" : "the callee") \(theirs.name) has "
                    + "\(theirs.version), \(name) has \(version); calls need the same binary on both sides")
        }
        return theirs
    }

    /// The highest version that both sides speak, or an error that says which side to upgrade.
    private func negotiate(with theirs: ClosedRange<UInt16>, isServer: Bool) throws -> UInt16 {
        if protocolVersions.overlaps(theirs) {
            return min(protocolVersions.upperBound, theirs.upperBound)
        }
        let peerIsOlder = theirs.upperBound < protocolVersions.lowerBound
        let upgrade = peerIsOlder == isServer ? "caller" : "callee"
        let (caller, callee) = isServer ? (theirs, protocolVersions) : (protocolVersions, theirs)
        throw CallError(
            .versionMismatch,
            "no common RPC protocol version: the caller speaks \(caller.lowerBound) to \(caller.upperBound), the callee "
                + "\(callee.lowerBound) to \(callee.upperBound); upgrade the \(upgrade)")
    }
}

/// A peer that has shown that it belongs to the deployment and runs the same binary.
package struct HelloPeer: Sendable, Equatable {
    /// The build id of its binary.
    package let version: String
    /// Its replica id.
    package let name: String
    /// The components that it may call, by full name.
    package let reachable: [String]
    /// The protocol version of the connection.
    package let protocolVersion: UInt16
}
