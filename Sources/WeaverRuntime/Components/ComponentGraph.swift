/// Who needs whom among the components of a program, checked before anything starts.
///
/// A value: it is made from what the records say of themselves, and answers in which order components are constructed.
package struct ComponentGraph: Sendable, Equatable {
    /// What the graph knows of one implementation.
    package struct Node: Sendable, Equatable {
        /// The component's full name, `Module.Protocol` or `main`.
        package var component: String
        /// The implementing type, with its module.
        package var implementation: String
        /// Where it is written, as `file:line`.
        package var location: String
        /// Its `@Ref` properties, in the order of the source.
        package var refs: [Ref] = []
        /// The names of its listeners.
        package var listeners: [String] = []
        /// The component's methods.
        package var methods: [Method] = []

        /// What is known of one implementation.
        package init(
            component: String, implementation: String, location: String, refs: [Ref] = [],
            listeners: [String] = [], methods: [Method] = []
        ) {
            self.component = component
            self.implementation = implementation
            self.location = location
            self.refs = refs
            self.listeners = listeners
            self.methods = methods
        }
    }

    /// A property that holds another component.
    package struct Ref: Sendable, Equatable {
        /// The property's name.
        package var property: String
        /// The full name of the component that it holds.
        package var component: String

        /// A property and what it holds.
        package init(property: String, component: String) {
            self.property = property
            self.component = component
        }
    }

    /// A method as it is found on the wire.
    package struct Method: Sendable, Equatable {
        /// The method as a reader knows it, such as `get(_:)`.
        package var name: String
        /// The 64 bits that stand for it on the wire.
        package var key: UInt64

        /// A method's name and key.
        package init(name: String, key: UInt64) {
            self.name = name
            self.key = key
        }
    }

    /// The components by name.
    package let nodes: [String: Node]

    /// All components, each after those that it has refs to. The same for the same nodes, in whatever order they came.
    package let constructionOrder: [String]

    /// The graph of `nodes`, or everything that is wrong with them.
    package init(_ nodes: [Node]) throws(ComponentProblems) {
        var problems: [ComponentProblems.Problem] = []
        let byName = Dictionary(grouping: nodes, by: \.component)
        for (_, same) in byName.sorted(by: { $0.key < $1.key }) where same.count > 1 {
            problems.append(.severalImplementations(same.sorted { $0.implementation < $1.implementation }))
        }
        self.nodes = byName.compactMapValues(\.first)
        let ordered = self.nodes.values.sorted { $0.component < $1.component }
        problems += Self.missingImplementations(ordered, in: self.nodes)
        problems += Self.collidingMethods(ordered)
        problems += Self.repeatedListeners(ordered)
        var walk = DependencyWalk(nodes: self.nodes)
        for node in ordered { walk.visit(node.component) }
        problems += walk.cycles.map { .cycle($0) }
        constructionOrder = walk.order
        guard problems.isEmpty else { throw ComponentProblems(problems) }
    }

    /// The components of `hosted` in construction order.
    package func constructionOrder(of hosted: Set<String>) -> [String] {
        constructionOrder.filter(hosted.contains)
    }

    /// Everything that can be reached from `roots` by `next`, themselves included.
    package static func reachable(
        from roots: some Sequence<String>, following next: (String) -> [String]
    ) -> Set<String> {
        var found = Set(roots)
        var open = Array(found)
        while let component = open.popLast() {
            for target in next(component) where found.insert(target).inserted { open.append(target) }
        }
        return found
    }

    // MARK: Checks

    private static func missingImplementations(
        _ ordered: [Node], in nodes: [String: Node]
    ) -> [ComponentProblems.Problem] {
        ordered.flatMap { node in
            node.refs.filter { nodes[$0.component] == nil }.map { .missingImplementation(of: $0, in: node) }
        }
    }

    private static func collidingMethods(_ ordered: [Node]) -> [ComponentProblems.Problem] {
        var problems: [ComponentProblems.Problem] = []
        var owners: [UInt64: String] = [:]
        for node in ordered {
            for method in node.methods {
                let name = "\(node.component).\(method.name)"
                guard let other = owners.updateValue(name, forKey: method.key) else { continue }
                problems.append(.methodKeyCollision(other, name, key: method.key, location: node.location))
            }
        }
        return problems
    }

    private static func repeatedListeners(_ ordered: [Node]) -> [ComponentProblems.Problem] {
        var problems: [ComponentProblems.Problem] = []
        var owners: [String: Node] = [:]
        for node in ordered {
            for listener in node.listeners {
                if let other = owners[listener] {
                    problems.append(.repeatedListener(listener, other, node))
                } else {
                    owners[listener] = node
                }
            }
        }
        return problems
    }
}

/// The depth-first walk that finds the order and the cycles.
private struct DependencyWalk {
    let nodes: [String: ComponentGraph.Node]
    var order: [String] = []
    var cycles: [[String]] = []
    private var done: Set<String> = []
    private var path: [String] = []

    init(nodes: [String: ComponentGraph.Node]) {
        self.nodes = nodes
    }

    mutating func visit(_ component: String) {
        if let start = path.firstIndex(of: component) { return cycles.append(path[start...] + [component]) }
        guard !done.contains(component), let node = nodes[component] else { return }
        path.append(component)
        for ref in node.refs { visit(ref.component) }
        path.removeLast()
        done.insert(component)
        order.append(component)
    }
}
