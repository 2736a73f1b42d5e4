package import WeaverCore

/// How the process is started: its arguments, `name=value` or a word.
package struct PeerOptions: Sendable {
    /// Where it listens.
    package var address = SocketAddress.ip("127.0.0.1", port: 0)
    /// What it says in its hello.
    package var name = "peer"
    /// ``PeerMethod/run`` does not answer.
    package var hangs = false
    package var limits = RPCLimits()

    package init() {}

    /// The arguments that ``init(arguments:)`` reads, of what differs from the default.
    package var arguments: [String] {
        var arguments = ["address=\(address)", "name=\(name)"]
        if hangs { arguments.append("hangs") }
        for (name, path) in Self.counts where limits[keyPath: path] != RPCLimits()[keyPath: path] {
            arguments.append("\(name)=\(limits[keyPath: path])")
        }
        for (name, path) in Self.durations where limits[keyPath: path] != RPCLimits()[keyPath: path] {
            arguments.append("\(name)=\(limits[keyPath: path].clampedNanoseconds)")
        }
        return arguments
    }

    /// Reads arguments; nil when one is not known.
    package init?(arguments: some Sequence<String>) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1)
            let value = parts.count == 2 ? String(parts[1]) : ""
            guard let name = parts.first, take(String(name), value) else { return nil }
        }
    }

    private mutating func take(_ name: String, _ value: String) -> Bool {
        switch name {
        case "address":
            guard let address = SocketAddress(value) else { return false }
            self.address = address
        case "name": self.name = value
        case "hangs": hangs = true
        default:
            guard let number = Int(value) else { return false }
            if let path = Self.counts[name] {
                limits[keyPath: path] = number
            } else if let path = Self.durations[name] {
                limits[keyPath: path] = .nanoseconds(number)
            } else {
                return false
            }
        }
        return true
    }

    private static var counts: [String: WritableKeyPath<RPCLimits, Int>] {
        [
            "maximumFrameLength": \.maximumFrameLength, "maximumCallsPerConnection": \.maximumCallsPerConnection,
            "maximumCallsPerReplica": \.maximumCallsPerReplica, "maximumGreetings": \.maximumGreetings,
            "highWaterMark": \.highWaterMark,
        ]
    }

    private static var durations: [String: WritableKeyPath<RPCLimits, Duration>] {
        [
            "pingInterval": \.pingInterval, "silenceLimit": \.silenceLimit, "connectTimeout": \.connectTimeout,
        ]
    }
}

extension Hello {
    /// The hello of the tests' processes.
    package static func peer(name: String) -> Hello {
        guard let secret = DeploymentSecret(bytes: [UInt8](repeating: 7, count: DeploymentSecret.size)) else {
            preconditionFailure("a secret of the right size")
        }
        return Hello(secret: secret, version: "build-1", name: name, reachable: [])
    }
}
