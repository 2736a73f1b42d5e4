package import WeaverCore
package import WeaverLoop

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

extension Deployer {
    /// A deployer whose secret and seed come from the system's random source, and that has this machine's clock.
    package convenience init(loop: EventLoop, configuration: Configuration, sink: any LogSink) {
        var random = SystemRandomNumberGenerator()
        let secret = (0..<SetupInfo.secretLength).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        self.init(
            loop: loop, configuration: configuration, secret: secret, seed: random.next(), sink: sink,
            wallClock: { WallClock.microseconds })
    }
}
