import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// A property that the runtime gives its value, checked.
struct InjectedProperty {
    let name: String
    let type: TypeSyntax

    /// The property, without any report.
    init?(_ declaration: some DeclSyntaxProtocol) {
        guard let variable = declaration.as(VariableDeclSyntax.self), let binding = variable.bindings.first,
            let pattern = binding.pattern.as(IdentifierPatternSyntax.self), let type = binding.typeAnnotation?.type
        else { return nil }
        name = pattern.identifier.plainText
        self.type = type.trimmed
    }

    /// The property that carries the attribute `@\(attribute)`; nil where something is wrong, which is reported once,
    /// by the expansion that `reports`.
    init?(
        _ attribute: String, _ node: AttributeSyntax, on declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext, reports: Bool
    ) {
        let problem = Self.problem(attribute, node, declaration, context)
        if let problem {
            if reports { problem() }
            return nil
        }
        self.init(declaration)
    }

    // swift-format-ignore: a list of checks, one after the other
    private static func problem(
        _ attribute: String, _ node: AttributeSyntax, _ declaration: some DeclSyntaxProtocol,
        _ context: some MacroExpansionContext
    ) -> (() -> Void)? {
        guard let variable = declaration.as(VariableDeclSyntax.self), variable.bindings.count == 1,
            let binding = variable.bindings.first, binding.pattern.is(IdentifierPatternSyntax.self)
        else {
            return { context.report("not-a-property", at: node, "@\(attribute) belongs on a property of its own") }
        }
        if context.lexicalContext.first?.is(ExtensionDeclSyntax.self) == true {
            return {
                context.report(
                    "in-extension", at: node,
                    "@\(attribute) cannot be in an extension, where @Implements does not see it: move the property "
                        + "into the type")
            }
        }
        guard let type = context.lexicalContext.first?.asProtocol((any DeclGroupSyntax).self),
            type.attributes.attribute(named: "Implements") != nil
        else {
            return {
                context.report(
                    "outside-implementation", at: node,
                    "@\(attribute) belongs into a type marked @Implements: only components get their values from the "
                        + "runtime")
            }
        }
        if let modifier = variable.modifiers.first(where: { ["static", "class", "lazy"].contains($0.name.text) }) {
            return {
                context.report(
                    "modifier", removing: modifier, from: variable,
                    "a property marked @\(attribute) cannot be \(modifier.name.text)")
            }
        }
        if variable.bindingSpecifier.tokenKind != .keyword(.var) {
            let specifier = variable.bindingSpecifier
            return {
                context.report(
                    "let", at: specifier, "a property marked @\(attribute) has to be a 'var': its value is computed",
                    fix: "write 'var'", replace: specifier,
                    by: specifier.with(\.tokenKind, .keyword(.var)))
            }
        }
        if let initializer = binding.initializer {
            return {
                context.report(
                    "initial-value", at: initializer,
                    "a property marked @\(attribute) gets its value from the runtime: remove the initial value",
                    fix: "remove the initial value", replace: binding, by: binding.withoutValue)
            }
        }
        if binding.accessorBlock != nil {
            return { context.report("accessors", at: node, "a property marked @\(attribute) cannot have accessors") }
        }
        guard binding.typeAnnotation != nil else {
            return { context.report("no-type", at: binding, "write the type of the property marked @\(attribute)") }
        }
        return nil
    }

    /// The stored box.
    func box(_ initializer: String) -> DeclSyntax { "private nonisolated let _\(raw: name) = \(raw: initializer)" }

    /// The computed property's getter.
    var accessor: AccessorDeclSyntax { "get { _\(raw: name).value }" }
}

extension PatternBindingSyntax {
    fileprivate var withoutValue: PatternBindingSyntax {
        with(\.initializer, nil).with(\.trailingTrivia, trailingTrivia)
    }
}

extension TypeSyntax {
    /// `CategoriesComponent` for `any Categories`, also where it is qualified; nil for anything else.
    var componentDescriptor: String? {
        let bare = self.bare
        guard let existential = bare.as(SomeOrAnyTypeSyntax.self), existential.someOrAnySpecifier.text == "any",
            existential.constraint.lastName != nil
        else { return nil }
        return "\(existential.constraint.trimmedDescription)Component"
    }
}

/// `@Ref`: a box with the component, and a getter.
struct RefMacro: AccessorMacro, PeerMacro {
    static func expansion(
        of node: AttributeSyntax, providingAccessorsOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [AccessorDeclSyntax] {
        guard let (property, _) = reference(node, declaration, context, reports: true) else {
            return ["get { fatalError() }"]
        }
        return [property.accessor]
    }

    static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let (property, descriptor) = reference(node, declaration, context, reports: false) else { return [] }
        return [property.box("WeaverRuntime.Ref(\"\(property.name)\", \(descriptor).self)")]
    }

    /// The property, and the descriptor of the component that it holds.
    private static func reference(
        _ node: AttributeSyntax, _ declaration: some DeclSyntaxProtocol, _ context: some MacroExpansionContext,
        reports: Bool
    ) -> (property: InjectedProperty, descriptor: String)? {
        guard let property = InjectedProperty("Ref", node, on: declaration, in: context, reports: reports),
            let annotation = declaration.as(VariableDeclSyntax.self)?.bindings.first?.typeAnnotation
        else { return nil }
        guard let descriptor = property.type.componentDescriptor else {
            if reports { reportType(annotation.type, context) }
            return nil
        }
        if property.type.as(SomeOrAnyTypeSyntax.self)?.constraint.lastName == "Main" {
            if reports {
                context.report(
                    "ref-to-main", at: annotation.type, "a component cannot refer to Main, which only the runtime calls"
                )
            }
            return nil
        }
        return (property, descriptor)
    }

    private static func reportType(_ type: TypeSyntax, _ context: some MacroExpansionContext) {
        let message = "@Ref holds a component: its type is 'any' and the component's protocol"
        guard type.lastName != nil else { return context.report("ref-type", at: type, message) }
        context.report(
            "ref-type", at: type, message, fix: "write 'any \(type.trimmedDescription)'", replace: type,
            by: TypeSyntax("any \(type.trimmed)").with(\.trailingTrivia, type.trailingTrivia))
    }
}

/// `@Listener`: a box with the listener, and a getter.
struct ListenerMacro: AccessorMacro, PeerMacro {
    static func expansion(
        of node: AttributeSyntax, providingAccessorsOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [AccessorDeclSyntax] {
        guard let property = InjectedProperty("Listener", node, on: declaration, in: context, reports: true) else {
            return ["get { fatalError() }"]
        }
        if property.type.lastName != "WeaverListener",
            let type = declaration.as(VariableDeclSyntax.self)?.bindings.first?.typeAnnotation?.type
        {
            context.report(
                "listener-type", at: type, "a property marked @Listener is of type WeaverListener",
                fix: "write 'WeaverListener'", replace: type,
                by: TypeSyntax("WeaverListener").with(\.trailingTrivia, type.trailingTrivia))
        }
        return [property.accessor]
    }

    static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let property = InjectedProperty("Listener", node, on: declaration, in: context, reports: false) else {
            return []
        }
        let name = listenerName(node, property)
        return [
            property.box("WeaverRuntime.ListenerBox<\(property.type)>(\"\(property.name)\", named: \(name))")
        ]
    }

    /// The literal of the listener's name: the attribute's argument, or the property's name.
    static func listenerName(_ attribute: AttributeSyntax, _ property: InjectedProperty) -> String {
        guard case .argumentList(let arguments) = attribute.arguments, let first = arguments.first else {
            return "\"\(property.name)\""
        }
        return first.expression.trimmedDescription
    }
}

/// `@Config`: a box with the decoded section, and a getter.
struct ConfigMacro: AccessorMacro, PeerMacro {
    static func expansion(
        of node: AttributeSyntax, providingAccessorsOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [AccessorDeclSyntax] {
        guard let property = InjectedProperty("Config", node, on: declaration, in: context, reports: true) else {
            return ["get { fatalError() }"]
        }
        return [property.accessor]
    }

    static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let property = InjectedProperty("Config", node, on: declaration, in: context, reports: false) else {
            return []
        }
        return [
            property.box("WeaverRuntime.ConfigBox<\(property.type)>(\"\(property.name)\")")
        ]
    }
}
