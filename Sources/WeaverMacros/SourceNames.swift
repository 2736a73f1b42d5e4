import SwiftSyntax
import SwiftSyntaxMacros

/// Where something is written, and what it is called in the application.
struct SourceName {
    /// `Module/File.swift`.
    let file: String
    /// From 1.
    let line: String
    /// `Module.Outer.Name`.
    let qualified: String

    init(of name: TokenSyntax, in context: some MacroExpansionContext) {
        let location = context.location(of: name, at: .afterLeadingTrivia, filePathMode: .fileID)
        file = location?.file.as(StringLiteralExprSyntax.self)?.representedLiteralValue ?? "Unknown/Unknown.swift"
        line = location?.line.trimmedDescription ?? "0"
        let outer = context.lexicalContext.reversed().compactMap { scope -> String? in
            if let outer = scope.asProtocol((any NamedDeclSyntax).self) { return outer.name.plainText }
            return scope.as(ExtensionDeclSyntax.self)?.extendedType.trimmedDescription
        }
        let module = file.prefix { $0 != "/" }
        qualified = ([String(module)] + outer + [name.plainText]).joined(separator: ".")
    }

    /// The expression that makes the place.
    var location: String { "WeaverRuntime.SourceLocation(\"\(file)\", \(line))" }
}

extension TokenSyntax {
    /// The name without backticks.
    var plainText: String { identifier?.name ?? text }
}

extension DeclModifierListSyntax {
    /// The access level written, for a type that belongs to this declaration, with a blank after it.
    var typeAccess: String {
        for modifier in self where modifier.detail == nil {
            switch modifier.name.tokenKind {
            case .keyword(.public), .keyword(.open): return "public "
            case .keyword(.package): return "package "
            case .keyword(.fileprivate), .keyword(.private): return "fileprivate "
            default: continue
            }
        }
        return ""
    }

    /// The access level for members that are as visible as their type, with a blank after it.
    var memberAccess: String { typeAccess == "fileprivate " ? "" : typeAccess }

    func contains(_ keyword: Keyword) -> Bool {
        contains { $0.name.tokenKind == .keyword(keyword) }
    }
}

extension AttributeListSyntax {
    /// The attribute of that name, qualified or not.
    func attribute(named name: String) -> AttributeSyntax? {
        for case .attribute(let attribute) in self where attribute.attributeName.lastName == name { return attribute }
        return nil
    }
}

extension TypeSyntaxProtocol {
    /// The last part of a type's name, where it has one.
    var lastName: String? {
        if let type = self.as(IdentifierTypeSyntax.self) { return type.name.plainText }
        return self.as(MemberTypeSyntax.self)?.name.plainText
    }
}

extension SyntaxProtocol {
    /// The tokens with blanks only where two words meet, so that the layout of the source makes no difference.
    var normalized: String {
        var text = ""
        for token in tokens(viewMode: .sourceAccurate) {
            if let last = text.last, let first = token.text.first, last.isWordPart, first.isWordPart { text += " " }
            text += token.text
        }
        return text
    }
}

extension Character {
    fileprivate var isWordPart: Bool { isLetter || isNumber || self == "_" }
}
