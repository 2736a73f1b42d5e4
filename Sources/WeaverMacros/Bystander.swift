import SwiftSyntax
import SwiftSyntaxBuilder

// The bystander: a type that conforms to the interface and of which there is no value. `@Implements` puts it into the
// implementation, as a member.
//
// With whole-module optimisation swiftc takes the one conformance to an internal protocol that it finds in the source
// for the only one, and calls that type's methods directly. It looks at the members that macros have added, but not at
// the peers (6.3: ProtocolConformanceAnalysis walks the top-level declarations of the source), so it would call the
// implementation where a client stub is. With the bystander there are two conformances.
extension ComponentModel {
    /// The types of the methods have names here, where the interface's own scope is seen: an extension is written at the
    /// file's top, also for an interface within a type.
    var bystander: String {
        let types = methods.enumerated().flatMap { index, method in
            (method.parameters.enumerated().map { "typealias Argument\(index)_\($0) = \($1.type)" }
                + ["typealias Result\(index) = \(method.resultType)"]).map { method.availability + $0 }
        }
        return """
            \(typeAccess)nonisolated protocol \(name)Bystander {
            \(types.map { "    \($0)\n" }.joined())}
            """
    }

    /// The methods of the bystanders of the interface, whose qualified name is `type`.
    func bystanderMethods(of type: String) -> String {
        """
        \(availability)extension \(type) where Self: \(type)Bystander {
        \(methods.enumerated().map { bystanderMethod($1, index: $0, "\(type)Bystander") }.joined())}
        """
    }

    private func bystanderMethod(_ method: Method, index: Int, _ types: String) -> String {
        let parameters = method.parameters.enumerated().map { position, parameter in
            "\(parameter.label == "_" ? "_" : "\(parameter.label) _"): \(types).Argument\(index)_\(position)"
        }
        return """
                \(method.availability)\(memberAccess)nonisolated(nonsending) func \(method.name)(\(parameters.joined(separator: ", "))) \
            async throws -> \(types).Result\(index) {
                    fatalError("there is no value of a bystander")
                }

            """
    }
}

extension ImplementsMacro {
    /// The bystander in an implementation of `interface`.
    static func bystander(of interface: String) -> DeclSyntax {
        """
        private nonisolated final class WeaverBystander: \(raw: interface), \(raw: interface)Bystander {
            private init() {}
        }
        """
    }
}
