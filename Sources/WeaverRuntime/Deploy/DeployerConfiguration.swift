package import WeaverCore
package import WeaverLoop

extension Deployer {
    /// What a deployment runs, and how.
    package struct Configuration: Sendable {
        package var plan: DeploymentPlan
        package var program: Envelope.Program
        /// Config sections by full component name, as TOML text.
        package var sections: [String: String]
        /// The default bound of a call.
        package var deadline: Duration
        /// The deployment's id, a UUID.
        package var deployment: String
        package var limits = Babysitter.Limits()
        /// The proxy of each listener, and where its requests are logged, by the listener's name; the defaults for others.
        package var proxies: [String: ReverseProxyConfiguration] = [:]
        package var accessLogs: [String: AccessLog] = [:]
        /// Where spans go, and how many of the traces that begin in a process are recorded each second; nil for nowhere.
        package var traces: (file: TraceFile, perSecond: Int)?
        /// Where replicas listen for each other's calls; nil for ports.
        package var sockets: SocketFolder?
        /// Gives what runs a replica in this process; nil where it gets a process of its own, as all do by default.
        package var resident: (@Sendable (SetupInfo) -> Envelope.Resident?)?
        /// Hears, on the loop's thread, how the start of each replica went; of one that has started also its end.
        package var onStart: (@Sendable (SetupInfo, StartReport) -> Void)?

        package init(
            plan: DeploymentPlan, program: Envelope.Program, sections: [String: String], deadline: Duration,
            deployment: String
        ) {
            self.plan = plan
            self.program = program
            self.sections = sections
            self.deadline = deadline
            self.deployment = deployment
        }
    }
}

extension Deployer.Configuration {
    /// What `config` says of a deployment of `plan`: sections, deadline, how often load is reported, and the proxy of each
    /// listener. Logs, traces and sockets are the caller's.
    package init(_ config: CheckedConfig, plan: DeploymentPlan, program: Envelope.Program, deployment: String) {
        self.init(
            plan: plan, program: program, sections: config.sections, deadline: config.config.deadline,
            deployment: deployment)
        limits.loadInterval = config.config.loadInterval
        for listener in plan.groups.flatMap(\.listeners) {
            proxies[listener] = config.config.proxyOptions(of: listener).configuration
        }
    }
}

extension AppConfig {
    /// What the proxy of `listener` shall be like.
    func proxyOptions(of listener: String) -> ProxyOptions { listenerProxies[listener] ?? proxy }
}
