import Testing
import WeaverRuntime

@Suite("The component graph refuses what could not run")
struct ComponentGraphTests {
    private func node(
        _ component: String, _ refs: String..., listeners: [String] = [], methods: [ComponentGraph.Method] = [],
        implementation: String? = nil
    ) -> ComponentGraph.Node {
        ComponentGraph.Node(
            component: component, implementation: implementation ?? "\(component)Service",
            location: "App/\(component).swift:7",
            refs: refs.map { ComponentGraph.Ref(property: $0.lowercased(), component: $0) }, listeners: listeners,
            methods: methods)
    }

    private func problems(_ nodes: [ComponentGraph.Node]) -> [ComponentProblems.Problem] {
        do throws(ComponentProblems) {
            _ = try ComponentGraph(nodes)
            return []
        } catch {
            return error.problems
        }
    }

    @Test("every component comes after what it has refs to, however the records are ordered")
    func order() throws {
        let nodes = [node("main", "B", "A"), node("A", "C"), node("B", "C"), node("C")]
        let order = try ComponentGraph(nodes).constructionOrder
        #expect(order == ["C", "A", "B", "main"])
        #expect(try ComponentGraph(nodes.reversed()).constructionOrder == order)
    }

    @Test("a group constructs its own components only, in order")
    func orderOfGroup() throws {
        let graph = try ComponentGraph([node("main", "A"), node("A", "B"), node("B", "C"), node("C")])
        #expect(graph.constructionOrder(of: ["main", "B"]) == ["B", "main"])
        #expect(ComponentGraph.reachable(from: ["B"]) { graph.nodes[$0]?.refs.map(\.component) ?? [] } == ["B", "C"])
    }

    @Test("two implementations of one interface are named with both places")
    func severalImplementations() {
        let found = problems([node("A", implementation: "App.One"), node("A", implementation: "App.Two")])
        #expect(found.count == 1)
        let text = found.first?.description ?? ""
        #expect(text.contains("App.One (App/A.swift:7) and App.Two (App/A.swift:7)"))
    }

    @Test("a ref without implementation says which property, and mentions the explicit list")
    func missing() {
        let text = problems([node("main", "Cache")]).first?.description ?? ""
        #expect(text.hasPrefix("App/main.swift:7: the ref 'cache' of mainService needs Cache"))
        #expect(text.contains("components: of Weaver.run"))
    }

    @Test("a cycle is reported once, with its path")
    func cycle() {
        let found = problems([node("main", "A"), node("A", "B"), node("B", "C"), node("C", "A")])
        #expect(found == [.cycle(["A", "B", "C", "A"])])
        #expect(found.first?.description.contains("A → B → C → A") == true)
    }

    @Test("a component that needs itself is a cycle")
    func selfCycle() {
        #expect(problems([node("A", "A")]) == [.cycle(["A", "A"])])
    }

    @Test("a diamond is no cycle")
    func diamond() {
        #expect(problems([node("main", "A", "B"), node("A", "C"), node("B", "C"), node("C")]).isEmpty)
    }

    @Test("methods of two components with the same key are named")
    func collision() {
        let first = ComponentGraph.Method(name: "get(_:)", key: 0xabc)
        let second = ComponentGraph.Method(name: "put(_:)", key: 0xabc)
        let found = problems([node("A", methods: [first]), node("B", methods: [second])])
        #expect(found == [.methodKeyCollision("A.get(_:)", "B.put(_:)", key: 0xabc, location: "App/B.swift:7")])
    }

    @Test("a listener's name in two components is refused, and twice in one too")
    func listeners() {
        let two = problems([node("A", listeners: ["http"]), node("B", listeners: ["http"])])
        #expect(two.first?.description.contains("in AService and in BService") == true)
        let twice = problems([node("A", listeners: ["http", "http"])])
        #expect(twice.first?.description.contains("twice in AService") == true)
    }

    @Test("everything wrong is reported at once")
    func several() {
        let found = problems([node("main", "Gone"), node("A", "A", listeners: ["x"]), node("B", listeners: ["x"])])
        #expect(found.count == 3)
    }
}
