import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxMacros

/// A message of one of the macros, in the user's words.
struct Message: DiagnosticMessage, FixItMessage {
    let message: String
    let identifier: String
    var severity: DiagnosticSeverity { .error }
    var diagnosticID: MessageID { MessageID(domain: "Weaver", id: identifier) }
    var fixItID: MessageID { diagnosticID }
}

extension MacroExpansionContext {
    /// Reports an error at `node`.
    func report(_ identifier: String, at node: some SyntaxProtocol, _ message: String, fixIts: [FixIt] = []) {
        diagnose(
            Diagnostic(
                node: Syntax(node), message: Message(message: message, identifier: identifier), fixIts: fixIts))
    }

    /// Reports an error at `node` that putting `new` in the place of `old` mends.
    func report<Old: SyntaxProtocol, New: SyntaxProtocol>(
        _ identifier: String, at node: some SyntaxProtocol, _ message: String, fix: String, replace old: Old,
        by new: New
    ) {
        let fixIt = FixIt(
            message: Message(message: fix, identifier: identifier),
            changes: [.replace(oldNode: Syntax(old), newNode: Syntax(new))])
        report(identifier, at: node, message, fixIts: [fixIt])
    }

    /// Reports an error at a modifier that leaving it out mends.
    func report<Declaration: DeclSyntaxProtocol & WithModifiersSyntax>(
        _ identifier: String, removing modifier: DeclModifierSyntax, from declaration: Declaration, _ message: String
    ) {
        var fixed = declaration
        fixed.modifiers = declaration.modifiers.filter { $0.id != modifier.id }
        fixed.leadingTrivia = declaration.leadingTrivia
        report(
            identifier, at: modifier, message, fix: "remove '\(modifier.trimmedDescription)'", replace: declaration,
            by: fixed)
    }
}

/// A context in which nothing is reported: for the second role of a macro, whose first has reported it already.
final class SilentContext<Base: MacroExpansionContext>: MacroExpansionContext {
    private let base: Base

    init(_ base: Base) {
        self.base = base
    }

    func makeUniqueName(_ name: String) -> TokenSyntax { base.makeUniqueName(name) }

    func diagnose(_ diagnostic: Diagnostic) {}

    func location(
        of node: some SyntaxProtocol, at position: PositionInSyntaxNode, filePathMode: SourceLocationFilePathMode
    ) -> AbstractSourceLocation? {
        base.location(of: node, at: position, filePathMode: filePathMode)
    }

    var lexicalContext: [Syntax] { base.lexicalContext }
}
