// One `import WeaverRuntime` is enough for users and for generated code, also where MemberImportVisibility is on: the
// types of WeaverCore and WeaverLoop that both use come with it, and so does swift-log, which ComponentContext.logger is of.
@_exported public import Logging
@_exported public import WeaverCore
@_exported public import WeaverLoop
