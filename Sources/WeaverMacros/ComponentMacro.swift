import SwiftSyntax
import SwiftSyntaxBuilder
import SwiftSyntaxMacros

/// `@Component`: writes the descriptor, the three stubs, the router's protocol and the bystander's next to the interface.
///
/// Parameters are renamed in all that is written here, and properties of stubs begin with an underscore, so that no name
/// of the user's meets one of ours.
struct ComponentMacro: PeerMacro, ExtensionMacro {
    static func expansion(
        of node: AttributeSyntax, providingPeersOf declaration: some DeclSyntaxProtocol,
        in context: some MacroExpansionContext
    ) throws -> [DeclSyntax] {
        guard let model = ComponentModel(declaration, attribute: node, in: context) else { return [] }
        return [
            model.descriptor, model.clientStub, model.localStub, model.serverStub, model.routing, model.bystander,
        ].map { "\(raw: $0)" }
    }

    static func expansion(
        of node: AttributeSyntax, attachedTo declaration: some DeclGroupSyntax,
        providingExtensionsOf type: some TypeSyntaxProtocol, conformingTo protocols: [TypeSyntax],
        in context: some MacroExpansionContext
    ) throws -> [ExtensionDeclSyntax] {
        // What is wrong with the interface is reported once, by the other role.
        let silent = SilentContext(context)
        guard let model = ComponentModel(declaration, attribute: node, in: silent) else { return [] }
        let source: DeclSyntax = "\(raw: model.bystanderMethods(of: type.trimmedDescription))"
        return [source.cast(ExtensionDeclSyntax.self)]
    }
}

extension ComponentModel {
    // MARK: Descriptor

    fileprivate var descriptor: String {
        """
        \(typeAccess)nonisolated enum \(name)Component: WeaverRuntime.ComponentDescriptor {
            \(memberAccess)typealias Interface = any \(name)
            \(memberAccess)typealias Router = any \(name)Routing

            \(memberAccess)static let info = WeaverRuntime.ComponentInfo(
                name: "\(source.qualified)",
                methods: [\(methods.map(\.info).joined(separator: ",\n            "))],
                errors: [\(errors.map(errorType).joined(separator: ", "))],
                location: \(source.location))

            \(memberAccess)static func localStub(
                _ implementation: any \(name), _ link: WeaverRuntime.LocalLink
            ) -> any \(name) {
                \(name)LocalStub(implementation, link)
            }

            \(memberAccess)static func clientStub(
                _ client: WeaverRuntime.ComponentClient, _ router: (any \(name)Routing)?
            ) -> any \(name) {
                \(name)ClientStub(client, router)
            }

            \(callsAvailability)\(memberAccess)static func serverStub(
                _ implementation: any \(name), _ router: (any \(name)Routing)?
            ) -> [WeaverRuntime.ServerMethod] {
                \(name)ServerStub.methods(of: implementation, router)
            }
        }
        """
    }

    private func errorType(_ expression: String) -> String {
        let type = expression.hasSuffix(".self") ? String(expression.dropLast(".self".count)) : expression
        return "WeaverRuntime.ErrorType(\"\(source.qualified)/\(type)\", \(expression))"
    }

    // MARK: Client stub

    fileprivate var clientStub: String {
        """
        \(typeAccess)nonisolated final class \(name)ClientStub: \(name) {
            private let _client: WeaverRuntime.ComponentClient
            private let _router: (any \(name)Routing)?

            \(memberAccess)init(_ client: WeaverRuntime.ComponentClient, _ router: (any \(name)Routing)?) {
                _client = client
                _router = router
            }
        \(methods.enumerated().map { clientMethod($1, index: $0) }.joined())}
        """
    }

    private func clientMethod(_ method: Method, index: Int) -> String {
        let encode = method.parameters.enumerated().flatMap { $1.shape.encode("argument\($0)") }
        let read: [String]
        if case .void = method.result {
            read = []
        } else {
            read = ["\(method.result.decode(from: "wire"))"]
        }
        return """

                \(method.availability)@inline(__always) \(memberAccess)nonisolated(nonsending) func \(method.declaration) {
                    try await _client.call(
                        \(index), routingKey: \(method.routingKey(by: "_router")),
                        encode: { (wire: inout WeaverRuntime.WireEncoder) throws(WeaverRuntime.WireError) -> Void in
                            \(encode.isEmpty ? "" : encode.joined(separator: "\n                "))
                        },
                        decode: { (wire: inout WeaverRuntime.WireDecoder) throws(WeaverRuntime.WireError) -> \(method.resultType) in
                            \(read.joined(separator: "\n                "))
                        })
                }

            """
    }

    // MARK: Local stub

    fileprivate var localStub: String {
        """
        \(typeAccess)nonisolated final class \(name)LocalStub: \(name) {
            private let _implementation: any \(name)
            private let _link: WeaverRuntime.LocalLink

            \(memberAccess)init(_ implementation: any \(name), _ link: WeaverRuntime.LocalLink) {
                _implementation = implementation
                _link = link
            }
        \(methods.enumerated().map { localMethod($1, index: $0) }.joined())}
        """
    }

    private func localMethod(_ method: Method, index: Int) -> String {
        let isVoid = if case .void = method.result { true } else { false }
        return """

                \(method.availability)@inline(__always) \(memberAccess)nonisolated(nonsending) func \(method.declaration) {
                    guard let start = _link.begin(\(index)) else {
                        return try await _link.detour(\(index)) { [_implementation] () async throws -> \(method.resultType) in
                            try await _implementation.\(method.call)
                        }
                    }
                    do {
                        \(isVoid ? "" : "let result: \(method.resultType) = ")try await _implementation.\(method.call)
                        _link.end(\(index), start)\(isVoid ? "" : "\n            return result")
                    } catch {
                        _link.fail(\(index), start)
                        throw error
                    }
                }

            """
    }

    // MARK: Server stub

    fileprivate var serverStub: String {
        """
        \(typeAccess)nonisolated enum \(name)ServerStub {
            \(callsAvailability)\(memberAccess)static func methods(
                of implementation: any \(name), _ router: (any \(name)Routing)?
            ) -> [WeaverRuntime.ServerMethod] {
                [
        \(methods.map(serverMethod).joined())        ]
            }
        }
        """
    }

    private func serverMethod(_ method: Method) -> String {
        let decode = method.parameters.enumerated().map { index, parameter in
            "let argument\(index) = \(parameter.shape.decode(from: "arguments"))"
        }
        let names = method.parameters.indices.map { "argument\($0)" }.joined(separator: ", ")
        let types = names.isEmpty ? "Void" : "(\(method.parameters.map(\.type).joined(separator: ", ")))"
        let take = names.isEmpty ? "" : "let (\(names)) = call.arguments"
        let encode = method.result.encode("result")
        let isVoid = if case .void = method.result { true } else { false }
        return """
                    WeaverRuntime.ServerMethod(
                        accept: {
                            (arguments: inout WeaverRuntime.WireDecoder, head: WeaverRuntime.CallHead)
                                throws(WeaverRuntime.WireError) -> WeaverRuntime.RoutedCall in
                            \((decode + ["try arguments.finish()"]).joined(separator: "\n                    "))
                            return WeaverRuntime.RoutedCall(
                                head, routingKey: \(method.routingKey(by: "router")), (\(names)))
                        },
                        run: { calls in
                            while let call = calls.next(\(types).self) {
                                \(take)
                                do {
                                    \(isVoid ? "" : "let result: \(method.resultType) = ")try await implementation.\(method.call)
                                    call.reply { (wire: inout WeaverRuntime.WireEncoder) throws(WeaverRuntime.WireError) -> Void in
                                        \(encode.joined(separator: "\n                                "))
                                    }
                                } catch {
                                    call.fail(throwing: error)
                                }
                            }
                        }),

            """
    }

    // MARK: Routing

    fileprivate var routing: String {
        """
        \(typeAccess)nonisolated protocol \(name)Routing: Sendable {
        \(methods.enumerated().map { index, method in
            """
                associatedtype Key\(index): WeaverRuntime.RoutingKey
                func \(method.name)(\(method.parameterList)) -> Key\(index)

            """
        }.joined())}
        """
    }
}

extension ComponentModel.Method {
    fileprivate var info: String {
        let idempotent = isIdempotent ? ", isIdempotent: true" : ""
        let deadline = deadline.map { ", deadline: \($0)" } ?? ""
        return "WeaverRuntime.MethodInfo(name: \"\(displayName)\", key: \(key)\(idempotent)\(deadline))"
    }

    /// `get(_ argument0: Int) async throws -> Category?`
    fileprivate var declaration: String { "\(name)(\(parameterList)) async throws\(returnClause)" }

    fileprivate var parameterList: String {
        parameters.enumerated().map { "\($1.label) argument\($0): \($1.type)" }.joined(separator: ", ")
    }

    /// `get(argument0)`
    fileprivate var call: String {
        let arguments = parameters.enumerated().map { index, parameter in
            (parameter.label == "_" ? "" : "\(parameter.label): ") + "argument\(index)"
        }
        return "\(name)(\(arguments.joined(separator: ", ")))"
    }

    /// The hash of the key that the router gives for the call.
    fileprivate func routingKey(by router: String) -> String {
        "\(router).flatMap { WeaverRuntime.RoutingHasher.hash($0.\(call)) }"
    }
}
