import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// A type that `@Implements` is attached to, checked.
struct ImplementationModel {
    let source: SourceName
    let memberAccess: String
    /// The `@available` attributes of the type, which its extension has to repeat.
    let availability: String
    /// The descriptor of the interface.
    let descriptor: String
    let runsOn: String?
    let router: String?
    /// The source of `init(context:)`; nil where the user has written it.
    let initializer: String?
    let references: [String]
    let listeners: [String]
    let configs: [String]

    /// The model of `declaration`; nil when something is wrong with it, which is reported in `context`.
    init?(_ declaration: some DeclGroupSyntax, attribute: AttributeSyntax, in context: some MacroExpansionContext) {
        guard let kind = ImplementationKind(declaration) else {
            context.report(
                "not-an-implementation", at: attribute, "@Implements belongs on an actor, a final class or a struct")
            return nil
        }
        let checked = ImplementationCheck(kind, declaration, context)
        guard let interface = checked.interface(attribute), checked.checkDeclaration() else { return nil }
        source = SourceName(of: kind.name, in: context)
        memberAccess = Access(declaration.modifiers, in: context).member
        availability = declaration.attributes.availability
        descriptor = interface + "Component"
        runsOn = attribute.argument("runsOn")?.trimmedDescription
        router = attribute.argument("routedBy").flatMap(Self.instance)
        guard checked.checkConstruction() else { return nil }
        initializer = Self.initializer(kind, access: memberAccess)
        let properties = kind.members.compactMap { $0.decl.as(VariableDeclSyntax.self) }
        references = properties.compactMap(Self.reference)
        listeners = properties.compactMap(Self.listener)
        configs = properties.compactMap(Self.config)
        guard checked.checkNames(properties) else { return nil }
    }

    /// `Router()` for `Router.self`.
    private static func instance(_ metatype: ExprSyntax) -> String? {
        metatype.namedMetatype.map { "\($0)()" }
    }

    private static func reference(_ property: VariableDeclSyntax) -> String? {
        guard property.attributes.attribute(named: "Ref") != nil, let injected = InjectedProperty(property),
            let descriptor = injected.type.componentDescriptor
        else { return nil }
        return "WeaverRuntime.RefInfo(\"\(injected.name)\", \(descriptor).self)"
    }

    /// The literal of the name of the listener that `property` holds; nil when it holds none.
    static func listener(_ property: VariableDeclSyntax) -> String? {
        guard let attribute = property.attributes.attribute(named: "Listener"),
            let injected = InjectedProperty(property)
        else { return nil }
        return ListenerMacro.listenerName(attribute, injected)
    }

    private static func config(_ property: VariableDeclSyntax) -> String? {
        guard property.attributes.attribute(named: "Config") != nil, let injected = InjectedProperty(property)
        else { return nil }
        return "WeaverRuntime.ConfigInfo(\"\(injected.name)\", \(injected.type).self)"
    }

    private static func initializer(_ kind: ImplementationKind, access: String) -> String? {
        if kind.initializers.contains(where: \.takesContext) { return nil }
        let effects = kind.initializers.first(where: \.takesNothing)?.signature.effectSpecifiers
        let isAsync = effects?.asyncSpecifier != nil
        let throwsErrors = effects?.throwsClause != nil
        let declared = (isAsync ? " async" : "") + (throwsErrors ? " throws" : "")
        let marks = (throwsErrors ? "try " : "") + (isAsync ? "await " : "")
        let convenience = kind.kind == .finalClass ? "convenience " : ""
        return """
                \(access)\(convenience)init(context: WeaverRuntime.ComponentContext)\(declared) {
                    \(marks)self.init()
                }
            """
    }

    /// The source of the record of the type named `type`.
    func record(of type: String) -> String {
        var arguments = [
            "\(descriptor).self, \(type).self", "implementation: \"\(source.qualified)\"",
            "location: \(source.location)",
        ]
        if let runsOn { arguments.append("runsOn: \(runsOn)") }
        if let router { arguments.append("router: \(router)") }
        arguments.append("references: [\(references.joined(separator: ", "))]")
        arguments.append("listeners: [\(listeners.joined(separator: ", "))]")
        arguments.append("configs: [\(configs.joined(separator: ", "))]")
        return """
                \(memberAccess)nonisolated static let implementationRecord = WeaverRuntime.ImplementationRecord(
                    \(arguments.joined(separator: ",\n        "))
                ) { $0 }
            """
    }
}

extension InitializerDeclSyntax {
    private var labels: [String] { signature.parameterClause.parameters.map(\.firstName.text) }

    /// `init(context:)`
    var takesContext: Bool { labels == ["context"] }

    /// `init()`, also where all parameters have defaults.
    var takesNothing: Bool { signature.parameterClause.parameters.allSatisfy { $0.defaultValue != nil } }
}

extension AttributeSyntax {
    /// The argument of that label; nil stands for the first without one.
    func argument(_ label: String?) -> ExprSyntax? {
        guard case .argumentList(let arguments) = arguments else { return nil }
        return arguments.first { $0.label?.text == label }?.expression
    }
}

extension ExprSyntax {
    /// `Categories` for `Categories.self`; nil where a name could not be made of it.
    var namedMetatype: String? {
        guard let base = metatypeBase, base.isDottedName else { return nil }
        return base.trimmedDescription
    }

    /// `Categories` for `(any Categories).self`.
    var existentialName: String? {
        guard let tuple = metatypeBase?.as(TupleExprSyntax.self), tuple.elements.count == 1,
            let type = tuple.elements.first?.expression.as(TypeExprSyntax.self)?.type.as(SomeOrAnyTypeSyntax.self)
        else { return nil }
        return type.constraint.trimmedDescription
    }

    private var metatypeBase: ExprSyntax? {
        guard let access = self.as(MemberAccessExprSyntax.self), access.declName.baseName.text == "self" else {
            return nil
        }
        return access.base
    }

    private var isDottedName: Bool {
        if self.is(DeclReferenceExprSyntax.self) || self.is(GenericSpecializationExprSyntax.self) { return true }
        return self.as(MemberAccessExprSyntax.self)?.base?.isDottedName ?? false
    }
}
