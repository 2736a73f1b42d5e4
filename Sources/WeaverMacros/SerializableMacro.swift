import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// `@Serializable`: writes the conformance to the fast codec, and registers error types.
struct SerializableMacro: ExtensionMacro {
    static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        guard let model = SerializableModel(declaration, attribute: node, in: context) else { return [] }
        let type = type.trimmedDescription
        var parts = model.parts
        if model.mayBeError {
            parts.append(LinkedEntry.source("add(\"\(model.source.unique)\", \(type).self)"))
        }
        let conditions = model.generics.map { "\($0): WeaverRuntime.WireCodable" }
        let clause = conditions.isEmpty ? "" : " where \(conditions.joined(separator: ", "))"
        // What travels is used by tasks of both processes. A conformance that the user has written is not repeated.
        let sendable = protocols.contains { $0.lastName == "Sendable" }
        let source: DeclSyntax = """
            \(raw: model.availability)extension \(raw: type): nonisolated WeaverRuntime.WireCodable\(raw: sendable && clause.isEmpty ? ", Sendable" : "")\(raw: clause) {
            \(raw: parts.joined(separator: "\n\n"))
            }
            """
        var extensions = [source]
        if sendable, !clause.isEmpty {
            // Of its own, because its condition is another one: arguments of a generic type need not be fast to be sent.
            let conditions = model.generics.map { "\($0): Sendable" }.joined(separator: ", ")
            extensions.append(
                "\(raw: model.availability)extension \(raw: type): Sendable where \(raw: conditions) {}")
        }
        return extensions.map { $0.cast(ExtensionDeclSyntax.self) }
    }
}

/// A type that `@Serializable` is attached to, checked.
struct SerializableModel {
    let source: SourceName
    /// The members of the conformance.
    let parts: [String]
    /// Whether the type can be an `Error`, as far as its declaration says. The compiler knows, see `LinkedRecords`.
    let mayBeError: Bool
    /// The type parameters whose values travel.
    let generics: [String]
    let availability: String

    init?(_ declaration: some DeclGroupSyntax, attribute: AttributeSyntax, in context: some MacroExpansionContext) {
        let access = Access(declaration.modifiers, in: context).member
        guard !context.refusesPrivate(declaration.modifiers, "Serializable") else { return nil }
        let parameters: GenericParameterClauseSyntax?
        let fields: SerializableFields
        if let type = declaration.as(StructDeclSyntax.self) {
            guard let found = SerializableFields(struct: type, access, context) else { return nil }
            source = SourceName(of: type.name, in: context)
            (fields, parameters) = (found, type.genericParameterClause)
        } else if let type = declaration.as(EnumDeclSyntax.self) {
            guard let found = SerializableFields(enum: type, access, context) else { return nil }
            source = SourceName(of: type.name, in: context)
            (fields, parameters) = (found, type.genericParameterClause)
        } else {
            context.report(
                "not-serializable", at: attribute,
                "@Serializable belongs on a struct or an enum: a class has an identity, which does not travel")
            return nil
        }
        if let pack = parameters?.parameters.first(where: { $0.specifier?.text == "each" }) {
            context.report("pack", at: pack, "@Serializable cannot be generic over a pack, whose values are no fields")
            return nil
        }
        parts = fields.parts
        availability = declaration.attributes.availability
        generics = (parameters?.parameters ?? []).filter { $0.specifier == nil }.map(\.name.text)
            .filter(fields.typeNames.contains)
        mayBeError = parameters == nil && Self.mayBeError(declaration, in: context)
    }

    /// Names in the clause of a type that say nothing of errors; every other one may be a protocol that does.
    private static var plainParents: Set<String> {
        [
            "Equatable", "Hashable", "Comparable", "Identifiable", "CaseIterable", "Codable", "Encodable", "Decodable",
            "Sendable", "RawRepresentable", "CustomStringConvertible", "CustomDebugStringConvertible", "String",
            "Character", "Bool", "Int", "Int8", "Int16", "Int32", "Int64", "UInt", "UInt8", "UInt16", "UInt32",
            "UInt64",
            "Float", "Double",
        ]
    }

    /// Types inside generic ones cannot have the static property that a record is, and travel in words. Whether what an
    /// extension extends is generic is not seen: there the name of the protocol has to say that it is an error's.
    private static func mayBeError(_ type: some DeclGroupSyntax, in context: some MacroExpansionContext) -> Bool {
        let isInGeneric = context.lexicalContext.contains { scope in
            scope.asProtocol((any WithGenericParametersSyntax).self)?.genericParameterClause != nil
        }
        guard !isInGeneric else { return false }
        let isInExtension = context.lexicalContext.contains { $0.is(ExtensionDeclSyntax.self) }
        let parents = type.inheritanceClause?.inheritedTypes.map { $0.type.lastName ?? "" } ?? []
        return parents.contains { isInExtension ? $0.hasSuffix("Error") : !plainParents.contains($0) }
    }

    /// The two functions and the size, around their bodies.
    static func parts(_ access: String, minimum: String, encode: [String], decode: [String]) -> [String] {
        let newline = "\n        "
        return [
            "    \(access)nonisolated static var minimumWireSize: Int {\(newline)\(minimum)\n    }",
            """
                \(access)nonisolated func encode(
                    wire: inout WeaverRuntime.WireEncoder
                ) throws(WeaverRuntime.WireError) {\(encode.isEmpty ? "" : newline)\(encode.joined(separator: newline))
                }
            """,
            """
                \(access)nonisolated init(
                    wire: inout WeaverRuntime.WireDecoder
                ) throws(WeaverRuntime.WireError) {\(decode.isEmpty ? "" : newline)\(decode.joined(separator: newline))
                }
            """,
        ]
    }
}

/// The parts of the conformance, and the names of types that are written in the fields.
struct SerializableFields {
    let parts: [String]
    let typeNames: Set<String>

    /// How many cases the values of a byte can number.
    private static let byteCases = 256

    /// The fields of a struct, in the order of the source.
    init?(struct type: StructDeclSyntax, _ access: String, _ context: some MacroExpansionContext) {
        guard !Self.refusesConditional(type.memberBlock.members, context) else { return nil }
        var fields: [(name: String, type: TypeSyntax?)] = []
        for member in type.memberBlock.members {
            guard let variable = member.decl.as(VariableDeclSyntax.self), variable.isStoredInInstance else { continue }
            for (binding, type) in variable.typedBindings where variable.isVariable || binding.initializer == nil {
                fields.append((binding.pattern.trimmedDescription, type))
            }
        }
        let sizes = fields.compactMap { field in
            field.type.map { "WeaverRuntime.WireCoding.minimumSize(of: \(WireShape.metatype($0.trimmedDescription)))" }
        }
        typeNames = Self.names(in: fields.compactMap(\.type))
        parts = SerializableModel.parts(
            access, minimum: sizes.isEmpty ? "0" : sizes.joined(separator: " + "),
            encode: fields.map { "try WeaverRuntime.WireCoding.encode(self.\($0.name), into: &wire)" },
            decode: fields.map { "self.\($0.name) = try WeaverRuntime.WireCoding.decode(from: &wire)" })
    }

    private static func names(in types: [some SyntaxProtocol]) -> Set<String> {
        Set(types.flatMap { $0.tokens(viewMode: .sourceAccurate).map(\.text) })
    }

    /// Reports a field or a case inside `#if`; methods may be there.
    private static func refusesConditional(
        _ members: MemberBlockItemListSyntax, _ context: some MacroExpansionContext, inside: IfConfigDeclSyntax? = nil
    ) -> Bool {
        for member in members {
            if let conditional = member.decl.as(IfConfigDeclSyntax.self) {
                for case .decls(let members) in conditional.clauses.compactMap(\.elements)
                where refusesConditional(members, context, inside: conditional) { return true }
            } else if let inside, isField(member.decl) {
                context.report("conditional-field", at: inside, "@Serializable cannot see through '#if'")
                return true
            }
        }
        return false
    }

    private static func isField(_ member: DeclSyntax) -> Bool {
        member.is(EnumCaseDeclSyntax.self) || member.as(VariableDeclSyntax.self)?.isStoredInInstance == true
    }

    /// The cases of an enum, numbered in the order of the source.
    init?(enum type: EnumDeclSyntax, _ access: String, _ context: some MacroExpansionContext) {
        guard !Self.refusesConditional(type.memberBlock.members, context) else { return nil }
        let cases = type.memberBlock.members.compactMap { $0.decl.as(EnumCaseDeclSyntax.self) }.flatMap(\.elements)
        guard !cases.isEmpty else {
            context.report(
                "no-cases", at: type.name, "'\(type.name.plainText)' has no cases, so no value of it can travel")
            return nil
        }
        typeNames = Self.names(in: cases.compactMap(\.parameterClause))
        let tag = cases.count <= Self.byteCases ? "UInt8" : "UInt16"
        let encode = cases.enumerated().map { Self.encode($1, index: $0, tag: tag) }
        let decode = cases.enumerated().map { Self.decode($1, index: $0) }
        let unknown = """
            case let other:
                        throw WeaverRuntime.WireError(.badValue, "\\(other) is no case of \(type.name.plainText)")
            """
        parts = SerializableModel.parts(
            access, minimum: cases.count <= Self.byteCases ? "1" : "2",
            encode: ["switch self {"] + encode + ["}"],
            decode: ["switch try wire.read(\(tag).self) {"] + decode + [unknown, "}"])
    }

    private static func encode(_ element: EnumCaseElementSyntax, index: Int, tag: String) -> String {
        let newline = "\n            "
        let values = 0..<(element.parameterClause?.parameters.count ?? 0)
        let append = "wire.append(\(index) as \(tag))"
        guard !values.isEmpty else { return "case .\(element.name.text):\(newline)\(append)" }
        let names = values.map { "let value\($0)" }.joined(separator: ", ")
        let fields = values.map { "try WeaverRuntime.WireCoding.encode(value\($0), into: &wire)" }
        let body = [append, "try wire.enter()"] + fields + ["wire.leave()"]
        return "case .\(element.name.text)(\(names)):\(newline)\(body.joined(separator: newline))"
    }

    private static func decode(_ element: EnumCaseElementSyntax, index: Int) -> String {
        let newline = "\n            "
        guard let parameters = element.parameterClause?.parameters, !parameters.isEmpty else {
            return "case \(index):\(newline)self = .\(element.name.text)"
        }
        let values = parameters.map { parameter in
            let label = parameter.firstName.map { $0.text == "_" ? "" : "\($0.text): " } ?? ""
            let type = WireShape.metatype(parameter.type.trimmedDescription)
            return "\(label)try WeaverRuntime.WireCoding.decode(\(type), from: &wire)"
        }
        let body = [
            "try wire.enter()", "self = .\(element.name.text)(\(values.joined(separator: ", ")))", "wire.leave()",
        ]
        return "case \(index):\(newline)\(body.joined(separator: newline))"
    }
}
