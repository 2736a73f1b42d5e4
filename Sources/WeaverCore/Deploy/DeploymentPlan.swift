/// What a deployment consists of, worked out before anything is started: which components share a process, how often
/// each of these groups runs, what it may call, and where the listeners are reached.
///
/// All component names are full names. The initialiser expects values that were checked against the descriptor: names
/// it does not know are left out.
package struct DeploymentPlan: Equatable, Sendable {
    /// Components that share a process.
    package struct Group: Equatable, Sendable {
        /// The first component's name, which is the group's own.
        package var name: String { components[0] }
        /// The components, at least one, in the order of the config.
        package let components: [String]
        /// How many processes run the group, at least 1.
        package let replicas: Int
        /// The components that the group's own ones hold refs to, sorted; those of the group itself included.
        package let reachable: [String]
        /// Those of ``reachable`` whose calls go to the owner of a key, sorted.
        package let reachableRouted: [String]
        /// The listeners that the group's components export, sorted.
        package let listeners: [String]
    }

    /// How often a group runs when the config does not say.
    package static let defaultReplicas = 2

    /// The application's name.
    package let application: String
    /// The version that the binary's descriptor names.
    package let version: String
    /// All groups: the one of `main` first, then those that the config names, then the others as the binary lists them.
    package let groups: [Group]
    /// Components whose calls go to the owner of a key.
    package let routed: Set<String>
    /// The configured addresses by listener name. A listener without one gets a free port of 127.0.0.1.
    package let listeners: [String: SocketAddress]

    private let groupIndices: [String: Int]

    /// Works out the plan of `application`.
    ///
    /// - Parameters:
    ///   - descriptor: what the binary contains.
    ///   - colocate: the groups of more than one component, or those whose order matters.
    ///   - replicas: how often a group runs unless `groupReplicas` says otherwise; counts below 1 are taken as 1.
    ///   - groupReplicas: how often the group of the named component runs.
    ///   - listeners: configured addresses by listener name.
    package init(
        application: String, descriptor: AppDescriptor, colocate: [[String]] = [],
        replicas: Int = DeploymentPlan.defaultReplicas, groupReplicas: [String: Int] = [:],
        listeners: [String: SocketAddress] = [:]
    ) {
        self.application = application
        version = descriptor.version
        self.listeners = listeners
        let components = Dictionary(
            descriptor.components.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let routed = Set(descriptor.components.filter(\.isRouted).map(\.name))
        self.routed = routed

        var groups: [Group] = []
        var indices: [String: Int] = [:]
        for names in Self.memberLists(of: descriptor, colocate: colocate) {
            let members = names.compactMap { components[$0] }
            let reachable = Set(members.flatMap(\.refs)).sorted()
            for name in names { indices[name] = groups.count }
            groups.append(
                Group(
                    components: names,
                    replicas: max(1, names.lazy.compactMap { groupReplicas[$0] }.first ?? replicas),
                    reachable: reachable, reachableRouted: reachable.filter(routed.contains),
                    listeners: Set(members.flatMap(\.listeners)).sorted()))
        }
        self.groups = groups
        groupIndices = indices
    }

    /// The members of each group, the group of `main` first. A component is in the first list that names it.
    private static func memberLists(of descriptor: AppDescriptor, colocate: [[String]]) -> [[String]] {
        var waiting = Set(descriptor.components.map(\.name))
        let colocated = colocate.map { names in names.filter { waiting.remove($0) != nil } }
        let alone = descriptor.components.map(\.name).filter { waiting.remove($0) != nil }.map { [$0] }
        let lists = (colocated + alone).filter { !$0.isEmpty }
        return lists.filter { $0.contains(AppDescriptor.main) } + lists.filter { !$0.contains(AppDescriptor.main) }
    }

    /// The position in ``groups`` of the group that `component` belongs to; nil when the binary has no such component.
    package func groupIndex(of component: String) -> Int? { groupIndices[component] }

    /// The group that `component` belongs to; nil when the binary has no such component.
    package func group(of component: String) -> Group? { groupIndices[component].map { groups[$0] } }
}
