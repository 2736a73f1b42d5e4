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
    }

    struct Parameter {
        /// The label as calls write it; `_` for none.
        let label: String
        let type: String
        let shape: WireShape
    }

    let name: String
    let source: SourceName
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
        typeAccess = declaration.modifiers.typeAccess
        memberAccess = declaration.modifiers.memberAccess
        var methods: [Method] = []
        for member in declaration.memberBlock.members {
            guard let function = check.method(member.decl) else { continue }
            methods.append(Method(function, component: source.qualified))
        }
        self.methods = methods
        errors = Self.errors(attribute)
        guard !check.failed else { return nil }
    }

    private static func errors(_ attribute: AttributeSyntax) -> [String] {
        guard case .argumentList(let arguments) = attribute.arguments else { return [] }
        return arguments.map { $0.expression.trimmedDescription }
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
        key = MethodKeys.literal(of: "\(component)/\(displayName)(\(types))->\(result)")
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

    /// The label without backticks, of which the compiler warns in calls, but for the three keywords that need them.
    private static func label(_ name: TokenSyntax) -> String {
        ["inout", "let", "var"].contains(name.plainText) ? name.text : name.plainText
    }
}
