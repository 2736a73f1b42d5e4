import Testing
import WeaverCore

@Suite struct CallGraphTests {
    private static let lemon = AppDescriptor(
        version: "v",
        components: [
            .init(name: "A.Cache", isRouted: true), .init(name: "B.Store", refs: ["A.Cache", "A.Store"]),
            .init(name: "A.Store"), .init(name: "main", refs: ["B.Store", "A.Cache", "A.Cache"], listeners: ["web"]),
        ])

    @Test func `main is first, names are short where they are unique, and a call is drawn once`() {
        #expect(
            CallGraph(Self.lemon).text(.mermaid) == """
                flowchart TD
                    c0["main<br/>listens: web"]
                    c1["Cache<br/>routed"]
                    c2["A.Store"]
                    c3["B.Store"]
                    c0 --> c1
                    c0 --> c3
                    c3 --> c1
                    c3 --> c2

                """)
    }

    @Test func `the same for Graphviz`() {
        #expect(
            CallGraph(Self.lemon).text(.dot) == """
                digraph components {
                    node [shape=box, style=rounded];
                    c0 [label="main\\nlistens: web"];
                    c1 [label="Cache\\nrouted"];
                    c2 [label="A.Store"];
                    c3 [label="B.Store"];
                    c0 -> c1;
                    c0 -> c3;
                    c3 -> c1;
                    c3 -> c2;
                }

                """)
    }

    @Test func `a name from a hostile binary stays a name`() {
        let graph = CallGraph(
            AppDescriptor(version: "v", components: [.init(name: "x\"]; c1 --> c2\n<b>#"), .init(name: "y\\\"")]))
        #expect(graph.text(.mermaid).contains(#"c0["x#quot;]; c1 --#gt; c2 #lt;b#gt;#35;"]"#))
        #expect(graph.text(.dot).contains(#"c1 [label="y\\\""];"#))
    }

    @Test func `a ref to what is not there draws nothing`() {
        let graph = CallGraph(AppDescriptor(version: "v", components: [.init(name: "main", refs: ["A.Gone"])]))
        #expect(graph.text(.mermaid) == "flowchart TD\n    c0[\"main\"]\n")
    }
}
