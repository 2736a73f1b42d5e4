import SwiftSyntax
import SwiftSyntaxMacros

/// `@Idempotent`: read by `@Component`, writes nothing.
struct IdempotentMacro: PeerMacro {
    static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        checkMarker("Idempotent", node, declaration, context)
        return []
    }
}

/// `@Deadline`: read by `@Component`, writes nothing.
struct DeadlineMacro: PeerMacro {
    static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        checkMarker("Deadline", node, declaration, context)
        return []
    }
}

private func checkMarker(
    _ name: String, _ node: AttributeSyntax, _ declaration: some DeclSyntaxProtocol,
    _ context: some MacroExpansionContext
) {
    let interface = context.lexicalContext.first?.as(ProtocolDeclSyntax.self)
    guard declaration.is(FunctionDeclSyntax.self), interface?.attributes.attribute(named: "Component") != nil else {
        context.report("marker-place", at: node, "@\(name) belongs on a method of a protocol marked @Component")
        return
    }
}
