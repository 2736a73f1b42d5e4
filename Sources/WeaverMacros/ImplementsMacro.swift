import SwiftDiagnostics
import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// `@Implements`: adds the context, the record, the entry in the linker section and, where it can, the initialiser.
struct ImplementsMacro: MemberMacro, ExtensionMacro {
    static func expansion(
        of node: AttributeSyntax, providingMembersOf declaration: some DeclGroupSyntax,
        conformingTo protocols: [TypeSyntax], in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let kind = ImplementationKind(declaration), kind.implementsOnce(node) else { return [] }
        var members: [DeclSyntax] = []
        if !kind.declares("context") {
            members.append(
                """
                \(raw: Access(declaration.modifiers, in: context).member)nonisolated let context: \
                WeaverRuntime.ComponentContext = WeaverRuntime.ComponentContext.injected()
                """)
        }
        if let interface = node.argument(nil)?.namedMetatype { members.append(bystander(of: interface)) }
        return members
    }

    static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        guard let model = ImplementationModel(declaration, attribute: node, in: context) else { return [] }
        let type = type.trimmedDescription
        let parts = [model.initializer, model.record(of: type), LinkedEntry.source("add(\(type).self)")]
        let source: DeclSyntax = """
            \(raw: model.availability)extension \(raw: type): WeaverRuntime.Implementation {
            \(raw: parts.compactMap(\.self).joined(separator: "\n\n"))
            }
            """
        return [source.cast(ExtensionDeclSyntax.self)]
    }
}

/// The entry of a record in the linker section: a function that adds it.
enum LinkedEntry {
    /// The section's name has at most 16 characters; both names are known to the runtime's C part.
    static func source(_ call: String) -> String {
        """
            #if objectFormat(MachO)
            @section("__DATA,weaver_comps")
            #else
            @section("weaver_comps")
            #endif
            @used
            private nonisolated static let weaverEntry: @convention(c) () -> Void = {
                WeaverRuntime.LinkedRecords.\(call)
            }
        """
    }
}

/// What kind of type an implementation is, and its members.
struct ImplementationKind {
    enum Kind { case actor, finalClass, `struct` }

    let kind: Kind
    let name: TokenSyntax
    let members: MemberBlockItemListSyntax
    private let attributes: AttributeListSyntax

    init?(_ declaration: some DeclGroupSyntax) {
        attributes = declaration.attributes
        members = declaration.memberBlock.members
        if let type = declaration.as(ActorDeclSyntax.self) {
            (kind, name) = (.actor, type.name)
        } else if let type = declaration.as(StructDeclSyntax.self) {
            (kind, name) = (.struct, type.name)
        } else if let type = declaration.as(ClassDeclSyntax.self) {
            (kind, name) = (.finalClass, type.name)
        } else {
            return nil
        }
    }

    /// Whether `attribute`, an `@Implements`, is the first of the type.
    func implementsOnce(_ attribute: AttributeSyntax) -> Bool {
        // Expansions get copies, which are compared by what they say.
        guard let first = attributes.attribute(named: "Implements") else { return true }
        return first.trimmedDescription == attribute.trimmedDescription
    }

    /// Whether the type has a property of that name.
    func declares(_ property: String) -> Bool {
        members.contains { member in
            member.decl.as(VariableDeclSyntax.self)?.bindings.contains { binding in
                binding.pattern.as(IdentifierPatternSyntax.self)?.identifier.plainText == property
            } ?? false
        }
    }

    /// The initialisers in the type's body.
    var initializers: [InitializerDeclSyntax] { members.compactMap { $0.decl.as(InitializerDeclSyntax.self) } }

    /// The names of the stored properties that a plain initialiser would have to set.
    var propertiesWithoutDefault: [String] {
        members.flatMap { member -> [String] in
            guard let variable = member.decl.as(VariableDeclSyntax.self), variable.isStoredInInstance else { return [] }
            return variable.namesWithoutDefault
        }
    }
}

extension VariableDeclSyntax {
    var isVariable: Bool { bindingSpecifier.tokenKind == .keyword(.var) }

    /// Whether instances store the property and the macros of this module do not give it its value.
    var isStoredInInstance: Bool {
        let injected = ["Ref", "Listener", "Config"].contains { attributes.attribute(named: $0) != nil }
        let other = modifiers.contains(.static) || modifiers.contains(.lazy) || modifiers.contains(.class)
        return !injected && !other && bindings.allSatisfy(\.isStored)
    }

    /// Attributes of properties that are no property wrappers.
    private static var plainAttributes: Set<String> {
        ["available", "usableFromInline", "MainActor", "objc", "nonobjc", "preconcurrency", "_spi"]
    }

    /// The names without a value. A wrapper may give one, which only the compiler knows: it has the last word there.
    fileprivate var namesWithoutDefault: [String] {
        let isWrapped = attributes.contains { element in
            guard case .attribute(let attribute) = element else { return true }
            return !Self.plainAttributes.contains(attribute.attributeName.lastName ?? "")
        }
        guard !isWrapped else { return [] }
        return typedBindings.filter { binding, type in
            binding.initializer == nil && !(isVariable && type?.isOptional == true)
        }.flatMap { binding, _ in binding.pattern.names }
    }

    /// The bindings with their types: in `var a, b: Int?` both are of the type that is written once.
    var typedBindings: [(binding: PatternBindingSyntax, type: TypeSyntax?)] {
        var type: TypeSyntax?
        let pairs = bindings.reversed().map { binding -> (binding: PatternBindingSyntax, type: TypeSyntax?) in
            if let annotation = binding.typeAnnotation {
                type = annotation.type
            } else if binding.initializer != nil {
                type = nil
            }
            return (binding, type)
        }
        return pairs.reversed()
    }
}

extension TypeSyntax {
    /// Whether a variable of the type begins as nil.
    fileprivate var isOptional: Bool {
        self.is(OptionalTypeSyntax.self) || self.is(ImplicitlyUnwrappedOptionalTypeSyntax.self)
            || lastName == "Optional"
    }
}

extension PatternSyntax {
    /// The names that the pattern binds.
    fileprivate var names: [String] {
        if let tuple = self.as(TuplePatternSyntax.self) { return tuple.elements.flatMap(\.pattern.names) }
        return self.as(IdentifierPatternSyntax.self).map { [$0.identifier.text] } ?? []
    }
}

extension PatternBindingSyntax {
    /// Whether the binding has storage: no accessors, or observers only.
    var isStored: Bool {
        switch accessorBlock?.accessors {
        case nil: true
        case .getter: false
        case .accessors(let list):
            list.allSatisfy { ["willSet", "didSet"].contains($0.accessorSpecifier.text) }
        }
    }
}
