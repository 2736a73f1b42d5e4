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
    /// The same, with the file where the name is visible in its file only, so that another file may have it too.
    let unique: String

    init(of name: TokenSyntax, in context: some MacroExpansionContext) {
        let location = context.location(of: name, at: .afterLeadingTrivia, filePathMode: .fileID)
        file = location?.file.as(StringLiteralExprSyntax.self)?.representedLiteralValue ?? "Unknown/Unknown.swift"
        line = location?.line.trimmedDescription ?? "0"
        let outer = context.lexicalContext.reversed().compactMap { scope -> String? in
            if let outer = scope.asProtocol((any NamedDeclSyntax).self) { return outer.name.plainText }
            return scope.as(ExtensionDeclSyntax.self)?.extendedType.trimmedDescription
        }
        let module = file.prefix { $0 != "/" }
        let path = (outer + [name.plainText]).joined(separator: ".")
        qualified = "\(module).\(path)"
        let scopes = context.lexicalContext + (name.parent.map { [$0] } ?? [])
        unique = scopes.contains(where: \.isVisibleInFileOnly) ? "\(file)/\(path)" : qualified
    }

    /// The expression that makes the place.
    var location: String { "WeaverRuntime.SourceLocation(\"\(file)\", \(line))" }
}

extension TokenSyntax {
    /// The name without backticks.
    var plainText: String { identifier?.name ?? text }

    /// Whether the name without backticks has the form of an identifier.
    var isPlain: Bool {
        plainText.first?.isNumber == false && plainText.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    }
}

/// How visible a declaration is, and what is written with that visibility.
struct Access {
    /// For a type that stands next to the declaration, with a blank after it.
    let peer: String
    /// For members that are as visible as their type, with a blank after it.
    let member: String

    init(_ modifiers: DeclModifierListSyntax, in context: some MacroExpansionContext) {
        if let level = modifiers.accessLevel {
            let isLocal = level == .private || level == .fileprivate
            let word = level == .package ? "package " : "public "
            peer = isLocal ? "fileprivate " : word
            member = isLocal ? "" : word
            return
        }
        // What an extension says holds for all that is declared in it, and must not be repeated there.
        peer = ""
        switch context.lexicalContext.first?.as(ExtensionDeclSyntax.self)?.modifiers.accessLevel {
        case .public: member = "public "
        case .package: member = "package "
        default: member = ""
        }
    }
}

extension MacroExpansionContext {
    /// Whether the declaration, which is private, is visible in a part of its file only, where expansions do not reach.
    /// That is reported.
    func refusesPrivate(_ modifiers: DeclModifierListSyntax, _ attribute: String) -> Bool {
        guard !lexicalContext.isEmpty,
            let modifier = modifiers.first(where: { $0.name.tokenKind == .keyword(.private) && $0.detail == nil })
        else { return false }
        report(
            "private", at: modifier,
            "what @\(attribute) writes does not see what is private inside another type: write 'fileprivate'",
            fix: "write 'fileprivate'", replace: modifier.name,
            by: modifier.name.with(\.tokenKind, .keyword(.fileprivate)))
        return true
    }
}

extension SyntaxProtocol {
    /// Whether the declaration is one that other files do not see.
    fileprivate var isVisibleInFileOnly: Bool {
        let level = asProtocol((any WithModifiersSyntax).self)?.modifiers.accessLevel
        return level == .private || level == .fileprivate
    }
}

extension DeclModifierListSyntax {
    /// The access level written; nil where there is none, or where it says what is the case anyway.
    fileprivate var accessLevel: Keyword? {
        for modifier in self where modifier.detail == nil {
            switch modifier.name.tokenKind {
            case .keyword(.public), .keyword(.open): return .public
            case .keyword(.package): return .package
            case .keyword(.fileprivate): return .fileprivate
            case .keyword(.private): return .private
            default: continue
            }
        }
        return nil
    }

    func contains(_ keyword: Keyword) -> Bool {
        contains { $0.name.tokenKind == .keyword(keyword) }
    }
}

extension AttributeListSyntax {
    /// The `@available` attributes, each on a line of its own: what is written next to a declaration, or calls it, has
    /// to be as available and as deprecated as the declaration.
    var availability: String {
        compactMap { $0.as(AttributeSyntax.self) }.filter { $0.attributeName.lastName == "available" }
            .map { $0.trimmedDescription + "\n" }.joined()
    }

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
