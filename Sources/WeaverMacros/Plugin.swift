import SwiftCompilerPlugin
import SwiftSyntaxMacros

@main
struct WeaverMacrosPlugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [
        ComponentMacro.self, ImplementsMacro.self, RefMacro.self, ListenerMacro.self, ConfigMacro.self,
        SerializableMacro.self, IdempotentMacro.self, DeadlineMacro.self,
    ]
}
