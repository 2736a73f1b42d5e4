import SwiftSyntax
import SwiftSyntaxMacros

/// A protocol that `@Component` is attached to, checked.
struct ComponentModel {
    struct Method {
        /// As a reader knows it: `get(_:)`.
        let displayName: String
        /// The base name as written, with backticks where it has them.
        let name: String
        let parameters: [Parameter]
        let result: WireShape
        /// ` -> Category?`, or nothing.
        let returnClause: String
        /// The result's type, `Void` where there is none.
        let resultType: String
        let key: String
        let isIdempotent: Bool
        let deadline: String?
        /// The method's `@available` attributes.
        let availability: String

        /// What tells the method from others but for the result.
        fileprivate let signature: String
    }

    struct Parameter {
        /// The label as calls write it; `_` for none.
        let label: String
        let type: String
        let shape: WireShape
    }

    let name: String
    let source: SourceName
    /// The protocol's `@available` attributes.
    let availability: String
    /// What stands before a type next to the protocol: its `@available` attributes and its access level.
    let typeAccess: String
    let memberAccess: String
    let methods: [Method]
    /// The expressions given as `errors`.
    let errors: [String]

    /// The model of `declaration`; nil when something is wrong with it, which is reported in `context`.
    init?(
        _ declaration: some DeclSyntaxProtocol, attribute: AttributeSyntax, in context: some MacroExpansionContext
    ) {
        guard let declaration = declaration.as(ProtocolDeclSyntax.self) else {
            context.report("not-a-protocol", at: attribute, "@Component belongs on a protocol")
            return nil
        }
        var check = InterfaceCheck(declaration, context)
        check.checkDeclaration()
        name = declaration.name.text
        source = SourceName(of: declaration.name, in: context)
        let access = Access(declaration.modifiers, in: context)
        availability = declaration.attributes.availability
        typeAccess = availability + access.peer
        memberAccess = access.member
        var methods: [Method] = []
        for member in declaration.memberBlock.members {
            guard let function = check.method(member.decl) else { continue }
            let method = Method(function, component: source.qualified)
            if methods.contains(where: { $0.signature == method.signature }) { check.refuseOverload(function) }
            methods.append(method)
        }
        self.methods = methods
        errors = Self.errors(attribute)
        guard !check.failed else { return nil }
    }

    private static func errors(_ attribute: AttributeSyntax) -> [String] {
        guard case .argumentList(let arguments) = attribute.arguments else { return [] }
        return arguments.map { $0.expression.trimmedDescription }
    }

    /// The attribute of code that calls all methods: deprecated where one of them is, so that it does not warn.
    var callsAvailability: String {
        methods.contains { $0.availability.contains("deprecated") } ? "@available(*, deprecated)\n" : ""
    }
}

extension ComponentModel.Method {
    init(_ function: FunctionDeclSyntax, component: String) {
        let signature = function.signature
        name = function.name.text
        parameters = signature.parameterClause.parameters.map(ComponentModel.Parameter.init)
        let type = signature.returnClause?.type
        result = type.map(WireShape.init) ?? .void
        resultType = type?.trimmedDescription ?? "Void"
        if case .void = result { returnClause = "" } else { returnClause = " -> \(resultType)" }
        let labels = parameters.map { "\($0.label):" }.joined()
        displayName = "\(function.name.plainText)(\(labels))"
        let types = signature.parameterClause.parameters.map { $0.type.bare.normalized }.joined(separator: ",")
        let result = type?.normalized ?? "Void"
        self.signature = "\(displayName)(\(types))"
        key = MethodKeys.literal(of: "\(component)/\(self.signature)->\(result)")
        availability = function.attributes.availability
        isIdempotent = function.attributes.attribute(named: "Idempotent") != nil
        deadline = function.attributes.attribute(named: "Deadline").flatMap { attribute in
            guard case .argumentList(let arguments) = attribute.arguments else { return nil }
            return arguments.first?.expression.trimmedDescription
        }
    }
}

extension ComponentModel.Parameter {
    init(_ parameter: FunctionParameterSyntax) {
        label = Self.label(parameter.firstName)
        type = parameter.type.trimmedDescription
        shape = WireShape(parameter.type)
    }

    /// The label without backticks, of which the compiler warns in calls, but for those that need them: three keywords,
    /// and what is no identifier.
    private static func label(_ name: TokenSyntax) -> String {
        ["inout", "let", "var"].contains(name.plainText) || !name.isPlain ? name.text : name.plainText
    }
}
