import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// Says, at its place, what in a protocol cannot be a component's interface.
struct InterfaceCheck<Context: MacroExpansionContext> {
    private let declaration: ProtocolDeclSyntax
    private let context: Context
    private var name: String { declaration.name.plainText }

    /// Whether anything was reported.
    private(set) var failed = false

    /// Protocols without requirements, which an interface may inherit.
    private static var allowedParents: Set<String> { ["Sendable", "AnyObject", "SendableMetatype"] }

    /// Names of the hooks of implementations.
    private static var hooks: Set<String> { ["start", "stop"] }

    init(_ declaration: ProtocolDeclSyntax, _ context: Context) {
        self.declaration = declaration
        self.context = context
    }

    // MARK: The protocol

    mutating func checkDeclaration() {
        if let primary = declaration.primaryAssociatedTypeClause {
            refuse("associated-type", at: primary, "a component's interface cannot have associated types")
        }
        if let clause = declaration.genericWhereClause {
            refuse("where-clause", at: clause, "a component's interface cannot have a where clause")
        }
        if name != declaration.name.text {
            refuse(
                "backticks", at: declaration.name,
                "names of stubs are made of the interface's: it cannot have backticks")
        }
        if context.refusesPrivate(declaration.modifiers, "Component") { failed = true }
        checkInheritance()
    }

    private mutating func checkInheritance() {
        let parents = declaration.inheritanceClause?.inheritedTypes ?? []
        for parent in parents where !Self.allowedParents.contains(parent.type.lastName ?? "") {
            let parentName = parent.type.trimmedDescription
            refuse(
                "inherited-requirements", at: parent.type,
                "'\(name)' inherits from '\(parentName)', whose requirements @Component cannot see: write them in "
                    + "'\(name)' itself")
        }
        guard !parents.contains(where: { $0.type.lastName == "Sendable" }) else { return }
        failed = true
        context.report(
            "not-sendable", at: declaration.name,
            "components are used from many tasks at once: '\(name)' has to inherit from Sendable",
            fix: "add ': Sendable'", replace: declaration, by: declaration.addingSendable)
    }

    // MARK: Its members

    /// The method that `member` is, or nil for what is no method, which is reported.
    mutating func method(_ member: DeclSyntax) -> FunctionDeclSyntax? {
        guard let function = member.as(FunctionDeclSyntax.self) else {
            refuseMember(member)
            return nil
        }
        checkModifiers(function)
        checkEffects(function)
        for parameter in function.signature.parameterClause.parameters { check(parameter) }
        if let result = function.signature.returnClause?.type { checkType(Syntax(result), "the result") }
        return function
    }

    private mutating func refuseMember(_ member: DeclSyntax) {
        switch member.kind {
        case .variableDecl:
            refuse(
                "property", at: member, "a component's interface cannot have properties: write a method 'async throws'")
        case .subscriptDecl:
            refuse("subscript", at: member, "a component's interface cannot have subscripts: write a method")
        case .initializerDecl:
            refuse("initializer", at: member, "a component's interface cannot have initialisers: the runtime makes it")
        case .associatedTypeDecl:
            refuse("associated-type", at: member, "a component's interface cannot have associated types")
        case .ifConfigDecl:
            refuse(
                "conditional", at: member,
                "@Component cannot see which branch of '#if' is compiled: put the protocol into the branches")
        case .typeAliasDecl:
            refuse(
                "typealias", at: member,
                "a component's interface cannot have type aliases, which its stubs would not see: write them outside")
        default:
            refuse("member", at: member, "a component's interface can only have methods")
        }
    }

    /// Refuses a method that differs from one before it in its result only.
    mutating func refuseOverload(_ function: FunctionDeclSyntax) {
        refuse(
            "overload", at: function.name,
            "two methods '\(function.name.plainText)' take the same and differ in their result only, which routers cannot "
                + "tell apart: give one of them another name")
    }

    private mutating func checkModifiers(_ function: FunctionDeclSyntax) {
        for modifier in function.modifiers {
            switch modifier.name.tokenKind {
            case .keyword(.static), .keyword(.class):
                failed = true
                context.report(
                    "static-method", removing: modifier, from: function,
                    "a component's methods belong to an instance, not to its type")
            case .keyword(.mutating):
                failed = true
                context.report(
                    "mutating", removing: modifier, from: function,
                    "a component's method cannot be mutating: a component is shared")
            default: continue
            }
        }
        if let generics = function.genericParameterClause {
            refuse(
                "generic-method", at: generics,
                "a component's method cannot be generic: the other process does not know the types it is called with")
        }
        if let clause = function.genericWhereClause {
            refuse("method-where-clause", at: clause, "a component's method cannot have a where clause")
        }
        if Self.hooks.contains(function.name.plainText), function.signature.parameterClause.parameters.isEmpty {
            refuse(
                "reserved-name", at: function.name,
                "'\(function.name.plainText)()' is a hook of implementations, which the runtime calls: give the method "
                    + "another name")
        }
    }

    private mutating func checkEffects(_ function: FunctionDeclSyntax) {
        let effects = function.signature.effectSpecifiers
        let method = function.name.plainText
        if let typed = effects?.throwsClause, let error = typed.type {
            failed = true
            let plain = typed.with(\.leftParen, nil).with(\.type, nil).with(\.rightParen, nil)
                .with(\.throwsSpecifier.trailingTrivia, typed.trailingTrivia)
            context.report(
                "typed-throws", at: typed,
                "a call to another process can fail in other ways than by \(error.trimmedDescription): '\(method)' has "
                    + "to be declared 'async throws'",
                fix: "write 'throws'", replace: typed, by: plain)
        } else if effects?.asyncSpecifier == nil || effects?.throwsClause == nil {
            failed = true
            context.report(
                "not-async-throws", at: function.name,
                "a call to another process takes time and can fail: '\(method)' has to be declared 'async throws'",
                fix: "add 'async throws'", replace: function.signature, by: function.signature.asyncThrows)
        }
    }

    private mutating func check(_ parameter: FunctionParameterSyntax) {
        let name = (parameter.secondName ?? parameter.firstName).plainText
        if parameter.ellipsis != nil {
            failed = true
            let array = parameter.with(\.ellipsis, nil).with(\.type, "[\(parameter.type.trimmed)]")
            context.report(
                "variadic", at: parameter, "a component's method cannot have a variadic parameter",
                fix: "take an array", replace: parameter, by: array)
        }
        checkSpecifiers(parameter.type, "'\(name)'")
        checkType(Syntax(parameter.type), "'\(name)'")
    }

    private mutating func checkSpecifiers(_ type: TypeSyntax, _ what: String) {
        for specifier in type.as(AttributedTypeSyntax.self)?.specifiers ?? [] {
            switch specifier.trimmedDescription {
            case "inout":
                refuse(
                    "inout", at: specifier,
                    "\(what) cannot be inout, since the other process gets a copy: return the new value")
            case "borrowing", "consuming", "__shared", "__owned", "isolated":
                refuse(
                    "specifier", at: specifier,
                    "\(what) cannot be \(specifier.trimmedDescription), since the other process gets a copy")
            default: continue
            }
        }
    }

    /// Looks through all parts of a type for what cannot travel.
    private mutating func checkType(_ node: Syntax, _ what: String) {
        if let function = node.as(FunctionTypeSyntax.self) {
            return refuse(
                "closure", at: function, "\(what) cannot be a closure: code does not travel to another process")
        }
        if let opaque = node.as(SomeOrAnyTypeSyntax.self), opaque.someOrAnySpecifier.text == "some" {
            return refuse("opaque-type", at: opaque, "\(what) cannot be of an opaque type: name the type")
        }
        if let type = node.as(IdentifierTypeSyntax.self), type.name.text == "Self" {
            return refuse("self-type", at: type, "\(what) cannot be of type Self, which another process does not know")
        }
        if let implicit = node.as(ImplicitlyUnwrappedOptionalTypeSyntax.self) {
            failed = true
            let optional = OptionalTypeSyntax(
                wrappedType: implicit.wrappedType, trailingTrivia: implicit.trailingTrivia)
            context.report(
                "implicitly-unwrapped", at: implicit, "\(what) cannot be implicitly unwrapped",
                fix: "write '\(optional.trimmedDescription)'", replace: implicit, by: optional)
        }
        for child in node.children(viewMode: .sourceAccurate) { checkType(child, what) }
    }

    private mutating func refuse(_ identifier: String, at node: some SyntaxProtocol, _ message: String) {
        failed = true
        context.report(identifier, at: node, message)
    }
}

extension ProtocolDeclSyntax {
    fileprivate var addingSendable: ProtocolDeclSyntax {
        let sendable = InheritedTypeSyntax(type: TypeSyntax("Sendable"))
        guard let clause = inheritanceClause, let last = clause.inheritedTypes.last else {
            return with(\.name.trailingTrivia, [])
                .with(
                    \.inheritanceClause,
                    InheritanceClauseSyntax(
                        colon: .colonToken(trailingTrivia: .space), inheritedTypes: [sendable], trailingTrivia: .space))
        }
        let comma = last.with(\.trailingTrivia, []).with(\.trailingComma, .commaToken(trailingTrivia: .space))
        let types = clause.inheritedTypes.dropLast() + [comma, sendable.with(\.trailingTrivia, last.trailingTrivia)]
        return with(\.inheritanceClause, clause.with(\.inheritedTypes, InheritedTypeListSyntax(Array(types))))
    }
}

extension FunctionSignatureSyntax {
    fileprivate var asyncThrows: FunctionSignatureSyntax {
        let gap = returnClause == nil ? effectSpecifiers?.trailingTrivia ?? [] : .space
        let effects = FunctionEffectSpecifiersSyntax(
            asyncSpecifier: .keyword(.async, trailingTrivia: .space),
            throwsClause: ThrowsClauseSyntax(throwsSpecifier: .keyword(.throws, trailingTrivia: gap)))
        return with(\.parameterClause.trailingTrivia, .space).with(\.effectSpecifiers, effects)
    }
}
