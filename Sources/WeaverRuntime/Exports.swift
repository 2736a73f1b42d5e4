// One `import WeaverRuntime` is enough for users and for generated code, also where MemberImportVisibility is on: the
// types of WeaverCore and WeaverLoop that both use come with it.
@_exported public import WeaverCore
@_exported public import WeaverLoop
// ComponentContext.logger is of swift-log, whose methods would not be visible otherwise.
@_exported public import Logging
