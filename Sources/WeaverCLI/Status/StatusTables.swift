import WeaverCore

/// The tables of `weaver multi status`: deployments, components with the processes of their replicas, listeners, and the
/// backends of the proxies and the slices of routed components where they were asked for.
struct StatusTables: Sendable {
    /// How much of a deployment's id stands in the second and third table.
    static let shortIDLength = 8

    private let deployments: [StatusDocument.Deployment]

    /// The tables of these deployments: sorted by application, and the younger deployment of an application first.
    init(_ document: StatusDocument) {
        deployments = document.deployments.sorted {
            ($0.app, $0.age, $0.deployment) < ($1.app, $1.age, $1.deployment)
        }
    }

    /// The tables as text, with that of the proxies' backends if it is wanted; one sentence when there is no deployment.
    func rendered(style: TextStyle, withBackends: Bool = false) -> String {
        if deployments.isEmpty { return "no deployment is running\n" }
        let routing = deployments.contains { $0.routing != nil } ? [routingTable] : []
        let backends = withBackends ? [backendTable] : []
        return ([deploymentTable, componentTable, listenerTable] + backends + routing).map { $0.rendered(style: style) }
            .joined()
    }

    private var deploymentTable: Table {
        let rows = deployments.map { deployment in
            [deployment.app, deployment.deployment, Age.text(seconds: Int64(deployment.age))]
        }
        return Table(title: "DEPLOYMENTS", columns: ["APP", "DEPLOYMENT", "AGE"], rows: rows)
    }

    private var componentTable: Table {
        let rows = deployments.flatMap { deployment in
            Self.components(of: deployment).map { component, replicas in
                [deployment.app, Self.shortID(deployment), component, Self.processes(of: replicas)]
            }
        }
        return Table(title: "COMPONENTS", columns: ["APP", "DEPLOYMENT", "COMPONENT", "REPLICA PIDS"], rows: rows)
    }

    private var listenerTable: Table {
        let rows = deployments.flatMap { deployment in
            deployment.listeners.sorted { $0.listener < $1.listener }.map { listener in
                [deployment.app, Self.shortID(deployment), listener.listener, listener.address]
            }
        }
        return Table(title: "LISTENERS", columns: ["APP", "DEPLOYMENT", "LISTENER", "ADDRESS"], rows: rows)
    }

    /// A row for each listener, and below it one for each of its backends.
    private var backendTable: Table {
        let rows = deployments.flatMap { deployment in
            (deployment.proxies ?? []).sorted { $0.listener < $1.listener }.flatMap { proxy in
                let names = [deployment.app, Self.shortID(deployment), proxy.listener]
                let all = names + ["(all)", "-", proxy.waiting > 0 ? "\(proxy.waiting) waiting" : "-"]
                return [all + Self.cells(of: proxy.traffic)]
                    + proxy.backends.map { backend in
                        names + [backend.address, backend.pid.map { String($0) } ?? "-", backend.state]
                            + Self.cells(of: backend.traffic)
                    }
            }
        }
        return Table(
            title: "BACKENDS",
            columns: [
                "APP", "DEPLOYMENT", "LISTENER", "BACKEND", "PID", "STATE", "IN FLIGHT", "REQUESTS", "FAILURES", "P50",
                "P99",
            ],
            rows: rows)
    }

    private static func cells(of traffic: StatusDocument.Traffic) -> [String] {
        [String(traffic.inFlight), String(traffic.requests), String(traffic.failures)]
            + [traffic.p50, traffic.p99].map { $0.map(Latency.text) ?? "-" }
    }

    private var routingTable: Table {
        let rows = deployments.flatMap { deployment in
            (deployment.routing ?? []).flatMap { routing in
                Self.rows(of: routing).map { [deployment.app, Self.shortID(deployment), routing.component] + $0 }
            }
        }
        return Table(
            title: "ROUTING",
            columns: [
                "APP", "DEPLOYMENT", "COMPONENT", "SLICES", "REPLICA PID", "ITS SLICES", "KEYS", "CALLS/S", "LOAD",
            ],
            rows: rows)
    }

    /// A row for each replica, by its process id.
    private static func rows(of routing: StatusDocument.Routing) -> [[String]] {
        let all = routing.replicas.reduce(0) { $0 + $1.callsPerSecond }
        return routing.replicas.sorted { ($0.pid ?? 0) < ($1.pid ?? 0) }.map { replica in
            [
                String(routing.slices), replica.pid.map { String($0) } ?? "-", String(replica.slices),
                "\(Percent(replica.keys))", String(Int64(exactly: replica.callsPerSecond.rounded()) ?? 0),
                all > 0 ? "\(Percent(replica.callsPerSecond / all))" : "-",
            ]
        }
    }

    private static func shortID(_ deployment: StatusDocument.Deployment) -> String {
        String(deployment.deployment.prefix(shortIDLength))
    }

    /// The components sorted by name, each with the replicas that host it.
    private static func components(
        of deployment: StatusDocument.Deployment
    ) -> [(component: String, replicas: [StatusDocument.Replica])] {
        Set(deployment.replicas.flatMap(\.components)).sorted()
            .map { name in (name, deployment.replicas.filter { $0.components.contains(name) }) }
    }

    /// The process ids in ascending order, with a word for those that come or go, then what the replicas without a process
    /// are doing.
    private static func processes(of replicas: [StatusDocument.Replica]) -> String {
        let present = replicas.compactMap { replica in replica.pid.map { (pid: $0, state: replica.state) } }
        let pids = present.sorted { $0.pid < $1.pid }.map { pid, state in
            ["starting", "draining"].contains(state) ? "\(pid) (\(state))" : String(pid)
        }
        let others = replicas.filter { $0.pid == nil }.map(\.state).sorted()
        return (pids + others).joined(separator: ", ")
    }
}
