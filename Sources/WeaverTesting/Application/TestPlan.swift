internal import WeaverCore
internal import WeaverRuntime

extension TestApplication {
    /// What a deployment of the test consists of. Its main component is `main`, the test itself.
    ///
    /// - Parameter inProcesses: whether groups are as the config has them; otherwise each component is alone, once.
    func plan(
        main: ImplementationRecord, inProcesses: Bool
    ) throws(BuildIdentity.Unknown) -> DeploymentPlan {
        let descriptor = try AppDescriptor(running: registry, others: [main])
        guard inProcesses else {
            return DeploymentPlan(application: config.config.name, descriptor: descriptor, replicas: 1)
        }
        let real = Set(registry.records.keys).subtracting(faked)
        var replicas = [ComponentRegistry.main: 1]
        for component in faked { replicas[component] = 1 }
        for group in config.plan.groups {
            for component in group.components where real.contains(component) { replicas[component] = group.replicas }
        }
        return DeploymentPlan(
            application: config.config.name, descriptor: descriptor,
            colocate: config.plan.groups.map { $0.components.filter(real.contains) }, replicas: config.config.replicas,
            groupReplicas: replicas)
    }
}
