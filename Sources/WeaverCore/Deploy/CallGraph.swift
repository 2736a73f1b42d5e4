/// Which components of an application call which, as a picture in text. A pure value.
///
/// A component is drawn by its name without the module where that is unique. `main` comes first; a component whose calls
/// go to the owner of a key, and one that exports listeners, says so below its name.
package struct CallGraph: Equatable, Sendable {
    /// The languages that a graph can be written in.
    package enum Format: String, Sendable, CaseIterable {
        /// For Markdown on GitHub and elsewhere: https://mermaid.js.org
        case mermaid
        /// For Graphviz: https://graphviz.org/doc/info/lang.html
        case dot
    }

    private struct Node: Equatable, Sendable {
        let id: String
        let lines: [String]
    }

    private let nodes: [Node]
    private let edges: [[String]]

    /// The graph of what a binary contains.
    package init(_ descriptor: AppDescriptor) {
        let sorted = descriptor.components.sorted { $0.name < $1.name }
        let components =
            sorted.filter { $0.name == AppDescriptor.main } + sorted.filter { $0.name != AppDescriptor.main }
        let counts = Dictionary(components.map { (Self.short($0.name), 1) }, uniquingKeysWith: +)
        var ids: [String: String] = [:]
        for (index, component) in components.enumerated() { ids[component.name] = "c\(index)" }
        nodes = components.map { component in
            let short = Self.short(component.name)
            var lines = [counts[short] == 1 ? short : component.name]
            if component.isRouted { lines.append("routed") }
            lines += component.listeners.sorted().map { "listens: \($0)" }
            return Node(id: ids[component.name] ?? "", lines: lines)
        }
        edges = components.flatMap { component in
            Set(component.refs).sorted().compactMap { target in
                guard let from = ids[component.name], let to = ids[target] else { return nil }
                return [from, to]
            }
        }
    }

    private static func short(_ name: String) -> String {
        name.split(separator: ".").last.map(String.init) ?? name
    }

    /// The graph in `format`, every line ended by a newline.
    package func text(_ format: Format) -> String {
        switch format {
        case .mermaid: mermaid
        case .dot: dot
        }
    }

    private var mermaid: String {
        var lines = ["flowchart TD"]
        lines += nodes.map { "    \($0.id)[\"\($0.lines.map(Self.mermaidText).joined(separator: "<br/>"))\"]" }
        lines += edges.map { "    \($0[0]) --> \($0[1])" }
        return lines.joined(separator: "\n") + "\n"
    }

    private var dot: String {
        var lines = ["digraph components {", "    node [shape=box, style=rounded];"]
        lines += nodes.map { "    \($0.id) [label=\"\($0.lines.map(Self.dotText).joined(separator: "\\n"))\"];" }
        lines += edges.map { "    \($0[0]) -> \($0[1]);" }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    /// Names come from a binary, which may be anybody's.
    private static func mermaidText(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\"": result += "#quot;"
            case "<": result += "#lt;"
            case ">": result += "#gt;"
            case "#": result += "#35;"
            case _ where character.isNewline: result += " "
            default: result.append(character)
            }
        }
    }

    private static func dotText(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\"", "\\": result += "\\\(character)"
            case _ where character.isNewline: result += " "
            default: result.append(character)
            }
        }
    }
}
