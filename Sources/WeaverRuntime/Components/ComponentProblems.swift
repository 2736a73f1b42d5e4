/// Everything that is wrong with the components of a program, found before any of them starts.
public struct ComponentProblems: Error, Sendable, CustomStringConvertible {
    /// One thing that is wrong.
    package enum Problem: Sendable, Equatable {
        /// More than one type implements the interface.
        case severalImplementations([ComponentGraph.Node])
        /// A ref to a component that nothing implements.
        case missingImplementation(of: ComponentGraph.Ref, in: ComponentGraph.Node)
        /// Components that need one another; the first is repeated at the end.
        case cycle([String])
        /// Two methods whose signatures hash to one key.
        case methodKeyCollision(String, String, key: UInt64, location: String)
        /// Two error types that would be taken for each other on the wire.
        case errorKeyCollision(String, String, key: UInt64)
        /// A listener name in two components, or twice in one.
        case repeatedListener(String, ComponentGraph.Node, ComponentGraph.Node)
        /// Nothing implements `Main`.
        case noMain
    }

    /// What is wrong, in the order in which it is shown.
    package let problems: [Problem]

    /// An error of at least one problem.
    package init(_ problems: [Problem]) {
        self.problems = problems
    }

    /// One paragraph for each problem.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

extension ComponentProblems.Problem: CustomStringConvertible {
    /// The problem in words, with its place in the source in front where it has one.
    package var description: String {
        switch self {
        case .severalImplementations(let nodes):
            let places = nodes.map { "\($0.implementation) (\($0.location))" }.joined(separator: " and ")
            return "\(nodes[0].location): \(nodes[0].component) has \(nodes.count) implementations: \(places); "
                + "keep one, or name the one to run in components: \(Self.places)"
        case .missingImplementation(let ref, let node):
            return
                "\(node.location): the ref '\(ref.property)' of \(node.implementation) needs \(ref.component), which "
                + "nothing in this program implements; write a type with @Implements, link its module, or, "
                + "when it is in a shared library, name it in components: \(Self.places)"
        case .cycle(let path):
            return "components need one another in a circle: \(path.joined(separator: " → ")); "
                + "one of these refs has to go"
        case .methodKeyCollision(let first, let second, let key, let location):
            return "\(location): the methods \(first) and \(second) have the same key "
                + "\(String(key, radix: 16)); rename one of them"
        case .errorKeyCollision(let first, let second, let key):
            return "the error types \(first) and \(second) have the same key \(String(key, radix: 16)); "
                + "rename one of them"
        case .repeatedListener(let name, let first, let second):
            let owners =
                first == second
                ? "twice in \(first.implementation)" : "in \(first.implementation) and in \(second.implementation)"
            return "\(second.location): the listener '\(name)' is declared \(owners); names of listeners are unique "
                + "in a program"
        case .noMain:
            return "nothing implements Main: write @main @Implements(Main.self) on the type that has serve(), or "
                + "name it in Weaver.run(components: [...])"
        }
    }

    /// Who takes a list of components.
    private static let places = "of Weaver.run, WeaverService or withWeaver"
}
