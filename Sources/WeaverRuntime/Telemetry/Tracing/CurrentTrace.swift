internal import Synchronization
internal import Tracing
package import WeaverCore

/// The trace that a task is in: the innermost span of its own, or else that of the call or request that it serves.
///
/// A call's trace is in its ``CallContext``, which a task has anyway; a span's is in the ``ServiceContext``, where `withSpan`
/// puts it. Nothing is bound for each call.
package enum CurrentTrace {
    private static let used = Atomic<Bool>(false)

    /// Whether a ``ServiceContext`` of this process may have a trace of ours: a load costs less than to look.
    @inline(__always)
    static var isUsed: Bool { used.load(ordering: .relaxed) }

    /// A ``ServiceContext`` is about to have a trace.
    static func use() { used.store(true, ordering: .relaxed) }

    /// The trace of a span that the task that asks is in.
    @inline(__always)
    static var span: TraceContext? { isUsed ? ofServiceContext : nil }

    @inline(never)
    private static var ofServiceContext: TraceContext? { ServiceContext.current?[TraceKey.self]?.trace }

    /// Where the task that asks is in its trace.
    package static var context: TraceContext? { span ?? foreign ?? CallContext.current.trace }

    /// That of a span that a tracer of the application's own has made.
    private static var foreign: TraceContext? { isUsed ? Telemetry.ofProcess.tracer.other?.trace : nil }
}

/// What a ``ServiceContext`` has of a trace.
package struct TraceEntry: Sendable {
    /// Where it is in its trace.
    package var trace: TraceContext
    /// Its span, where that is one of this process.
    package var span: WeaverSpan?
}

/// The key of a trace in a ``ServiceContext``.
package enum TraceKey: ServiceContextKey {
    package typealias Value = TraceEntry
    package static var nameOverride: String? { "weaver.trace" }
}
