import Foundation
import Testing

/// A deployment by the real command line, which is ended with its test.
final class Deployment {
    let sandbox: Sandbox
    let deployer: Program
    private(set) var port: UInt16 = 0

    /// Starts `weaver multi deploy` and waits until every replica takes calls and the proxy listens.
    init(config: String, in sandbox: Sandbox) async throws {
        self.sandbox = sandbox
        deployer = try Program(Binaries.weaver, ["multi", "deploy", config], in: sandbox)
        try await becomeReady()
    }

    /// The same for a deployer that was started in another way.
    init(by deployer: Program, in sandbox: Sandbox) async throws {
        self.sandbox = sandbox
        self.deployer = deployer
        try await becomeReady()
    }

    private func becomeReady() async throws {
        do {
            try await eventually(within: .seconds(60), "a deployment that is ready") {
                guard self.deployer.isRunning else {
                    throw DidNotHappen(description: "a start: \(self.deployer.errors)")
                }
                guard let status = try await self.status(), let listener = status.listeners.first else { return false }
                self.port = listener.address.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
                let mains = status.replicas.count { $0.component == "main" }
                return listener.backends == mains && status.replicas.allSatisfy { $0.state == "ready" }
            }
        } catch {
            deployer.signal(SIGKILL)
            throw DidNotHappen(description: "\(error)\n\(deployer.output)\n\(deployer.errors)")
        }
    }

    deinit {
        deployer.signal(SIGKILL)
    }

    /// What `weaver multi status --json` says, if the deployment runs.
    func status() async throws -> Status? {
        let answer = try await weaver("multi", "status", "--json", in: sandbox)
        try #require(answer.code == 0, "\(answer.errors)")
        return try JSONDecoder().decode(StatusList.self, from: Data(answer.output.utf8)).deployments.first
    }

    /// The processes of a component, as the status has them.
    func pids(of component: String) async throws -> [Int32] {
        try await status()?.replicas.filter { $0.component == component && $0.state == "ready" }.compactMap(\.pid) ?? []
    }

    /// The process of a component that has lived longest.
    func oldest(_ component: String) async throws -> Int32? {
        let replicas = try await status()?.replicas.filter { $0.component == component && $0.state == "ready" }
        return replicas?.max { ($0.age ?? 0) < ($1.age ?? 0) }?.pid
    }

    /// Waits until the replica of a component that was `victim` has a successor, and every replica is ready.
    func recover(_ component: String, from victim: Int32, replicas: Int = 2) async throws {
        try await eventually("a new replica of \(component)") {
            let now = try await self.pids(of: component)
            return now.count == replicas && !now.contains(victim)
        }
    }

    /// A connection to the proxy.
    func connect() throws -> HTTPConnection {
        try HTTPConnection(port: port)
    }

    /// Ends it by a signal and checks that nothing is left.
    func end(by signal: Int32) async throws {
        let children = ProcessTable.children(of: deployer.pid)
        deployer.signal(signal)
        let code = try await deployer.exitCode()
        #expect(code == (signal == SIGKILL ? 128 + SIGKILL : 0), "\(deployer.errors)")
        try await eventually("the end of \(children)") { !children.contains(where: ProcessTable.isAlive) }
    }
}

/// The JSON of the status, as far as the tests read it.
struct StatusList: Decodable {
    var deployments: [Status]
}

/// One deployment of the JSON.
struct Status: Decodable {
    var app: String
    var deployment: String
    var pid: Int32
    var age: Double
    var replicas: [Replica]
    var listeners: [Listener]
    /// Only where it was asked for.
    var routing: [Routing]?
    var proxies: [Proxy]?

    struct Proxy: Decodable {
        var listener: String
        var address: String
        var connections: Int
        var waiting: Int
        var inFlight: Int
        var requests: Int
        var failures: Int
        var p50: Double?
        var p99: Double?
        var backends: [Backend]

        struct Backend: Decodable {
            var address: String
            var pid: Int32?
            var state: String
            var requests: Int
            var failures: Int
        }

        private enum CodingKeys: String, CodingKey {
            case listener, address, connections, waiting, requests, failures, p50, p99, backends
            case inFlight = "in_flight"
        }
    }

    struct Replica: Decodable {
        var component: String
        var pid: Int32?
        var state: String
        var restarts: Int
        var address: String?
        var age: Double?
    }

    struct Routing: Decodable {
        var component: String
        var slices: Int
        var replicas: [Replica]

        struct Replica: Decodable {
            var pid: Int32?
            var slices: Int
            var keys: Double
            var callsPerSecond: Double

            private enum CodingKeys: String, CodingKey {
                case pid, slices, keys
                case callsPerSecond = "calls_per_second"
            }
        }
    }

    struct Listener: Decodable {
        var listener: String
        var address: String
        var backends: Int
    }
}
