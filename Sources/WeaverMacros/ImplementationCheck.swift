import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// Says, at its place, what in a type cannot be a component's implementation.
struct ImplementationCheck<Context: MacroExpansionContext, Declaration: DeclGroupSyntax> {
    private let kind: ImplementationKind
    private let declaration: Declaration
    private let context: Context
    private var name: String { kind.name.plainText }

    init(_ kind: ImplementationKind, _ declaration: Declaration, _ context: Context) {
        self.kind = kind
        self.declaration = declaration
        self.context = context
    }

    /// The interface that the attribute names.
    func interface(_ attribute: AttributeSyntax) -> String? {
        guard kind.implementsOnce(attribute) else {
            context.report(
                "implements-twice", at: attribute,
                "a type implements one component: write a type of its own for each")
            return nil
        }
        for label in ["routedBy", nil] {
            guard let argument = attribute.argument(label), argument.namedMetatype == nil else { continue }
            reportMetatype(argument, label)
            return nil
        }
        if let runsOn = attribute.argument("runsOn"), !isRunsOn(runsOn) {
            context.report("runs-on", at: runsOn, "'runsOn' is written as '.loop' or '.pool'")
            return nil
        }
        return attribute.argument(nil)?.namedMetatype
    }

    /// Says what is to be written, and writes it where the argument has the name.
    private func reportMetatype(_ argument: ExprSyntax, _ label: String?) {
        let message =
            label == nil
            ? "@Implements takes the component's protocol: write 'Categories.self'"
            : "'routedBy' takes the router's type: write 'CategoryRouter.self'"
        let name = argument.is(DeclReferenceExprSyntax.self) ? argument.trimmedDescription : argument.existentialName
        guard let name, name.first?.isUppercase == true else {
            return context.report("not-a-metatype", at: argument, message)
        }
        context.report(
            "not-a-metatype", at: argument, message, fix: "write '\(name).self'", replace: argument,
            by: ExprSyntax("\(raw: name).self"))
    }

    private func isRunsOn(_ expression: ExprSyntax) -> Bool {
        guard let access = expression.as(MemberAccessExprSyntax.self) else { return false }
        return ["loop", "pool"].contains(access.declName.baseName.text)
    }

    /// Whether the type itself will do.
    func checkDeclaration() -> Bool {
        if let generics = declaration.asProtocol((any WithGenericParametersSyntax).self)?.genericParameterClause {
            context.report(
                "generic-implementation", at: generics,
                "an implementation cannot be generic: the runtime would not know which '\(name)' to construct")
            return false
        }
        if context.refusesPrivate(declaration.modifiers, "Implements") { return false }
        for member in kind.members { checkConditional(member.decl) }
        guard let type = declaration.as(ClassDeclSyntax.self), !type.modifiers.contains(.final) else { return true }
        var final = DeclModifierSyntax(name: .keyword(.final), trailingTrivia: .space)
        var fixed = type
        if type.modifiers.isEmpty {
            final.leadingTrivia = type.classKeyword.leadingTrivia
            fixed.classKeyword.leadingTrivia = []
        }
        fixed.modifiers.append(final)
        context.report(
            "not-final", at: kind.name, "the class '\(name)' has to be final to implement a component",
            fix: "add 'final'", replace: type, by: fixed)
        return false
    }

    private func checkConditional(_ member: DeclSyntax) {
        guard let conditional = member.as(IfConfigDeclSyntax.self) else { return }
        for clause in conditional.clauses {
            guard case .decls(let members) = clause.elements else { continue }
            for member in members {
                checkConditional(member.decl)
                guard let attributes = member.decl.as(VariableDeclSyntax.self)?.attributes,
                    let attribute = ["Ref", "Listener", "Config"].lazy.compactMap({ attributes.attribute(named: $0) })
                        .first
                else { continue }
                context.report(
                    "conditional-property", at: attribute,
                    "@\(attribute.attributeName.trimmedDescription) cannot be inside '#if', where @Implements does not "
                        + "see it")
            }
        }
    }

    /// Whether the runtime can construct the type.
    func checkConstruction() -> Bool {
        let initializers = kind.initializers
        if initializers.contains(where: \.takesContext) || initializers.contains(where: \.takesNothing) { return true }
        let missing = kind.propertiesWithoutDefault
        guard !missing.isEmpty || !initializers.isEmpty else { return true }
        let reason =
            missing.isEmpty
            ? "its initialisers all take arguments"
            : "it has stored properties without defaults (\(missing.joined(separator: ", ")))"
        report(missing: missing, reason)
        return false
    }

    private func report(missing: [String], _ reason: String) {
        let members = declaration.memberBlock.members
        context.report(
            "construction", at: kind.name,
            "the runtime cannot construct '\(name)', because \(reason): write 'init(context: ComponentContext) async "
                + "throws'",
            fix: "add 'init(context:)'", replace: declaration.memberBlock,
            by: declaration.memberBlock.with(\.members, members + [initializer(setting: missing)]))
    }

    /// `init(context:)`, in the layout and with the access level of the type.
    private func initializer(setting missing: [String]) -> MemberBlockItemSyntax {
        let outer = declaration.firstToken(viewMode: .sourceAccurate)?.indentation ?? ""
        let members = declaration.memberBlock.members
        let inner = members.first?.firstToken(viewMode: .sourceAccurate)?.indentation ?? outer + "    "
        let step = inner.dropFirst(outer.count)
        let access = Access(declaration.modifiers, in: context).member
        let assignments = missing.map { "\(inner)\(step)self.\($0) = <#value#>\n" }.joined()
        let source: DeclSyntax = """
            \(raw: inner)\(raw: access)init(context: ComponentContext) async throws {
            \(raw: assignments)\(raw: inner)}
            """
        let gap = members.isEmpty ? "\n" : "\n\n"
        return MemberBlockItemSyntax(decl: source.with(\.leadingTrivia, Trivia(stringLiteral: gap + inner)))
    }

    /// Whether the listeners and configs of the type go together.
    func checkNames(_ properties: [VariableDeclSyntax]) -> Bool {
        var names: Set<String> = []
        for property in properties {
            guard let name = ImplementationModel.listener(property), !names.insert(name).inserted else { continue }
            context.report(
                "repeated-listener", at: property.bindings,
                "two listeners of '\(self.name)' have the same name, \(name)")
            return false
        }
        let configs = properties.filter { $0.attributes.attribute(named: "Config") != nil }
        guard configs.count > 1 else { return true }
        context.report(
            "repeated-config", at: configs[1].bindings,
            "a component has one section in the config: '\(name)' can have one @Config property only")
        return false
    }
}

extension MemberBlockItemListSyntax {
    fileprivate static func + (list: Self, more: [MemberBlockItemSyntax]) -> Self { Self(Array(list) + more) }
}

extension TokenSyntax {
    /// The blanks before the token on its line.
    fileprivate var indentation: String {
        String(leadingTrivia.description.split(separator: "\n", omittingEmptySubsequences: false).last ?? "")
    }
}
