import SwiftCompilerPlugin
import SwiftSyntaxMacros

@main
struct WeaverMacrosPlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = []
}
