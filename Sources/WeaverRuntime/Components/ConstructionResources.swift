internal import Logging

/// What one component gets while it is constructed: all of it found before its initialiser runs.
struct ConstructionResources: ComponentResources {
    let references: [String: any Sendable]
    let configs: [String: any Sendable]
    let listeners: [String: WeaverListener]
    let logger: Logger
    let replica: ReplicaInfo

    func reference(to component: String) -> (any Sendable)? { references[component] }

    func config(_ info: ConfigInfo) throws -> any Sendable {
        guard let value = configs[info.name] ?? configs.values.first(where: info.accepts) else {
            throw NoConfigOfType(description: "no @Config property of the component has the type \(info.typeName)")
        }
        return value
    }

    func listener(named name: String) -> (any Sendable)? { listeners[name] }
}

/// A component asks for its config as another type than its `@Config` properties have.
struct NoConfigOfType: Error, CustomStringConvertible {
    let description: String
}
