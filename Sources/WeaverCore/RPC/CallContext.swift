/// What travels with a call beside its arguments: the deadline, metadata and the trace.
///
/// The callee sees its caller's context as ``current``, and calls that it makes itself inherit it.
public struct CallContext: Sendable, Equatable {
    /// When the call is given up, on this machine's monotonic clock; nil is never. It travels as the time left.
    public var deadline: MonotonicTime?

    /// The deadline that somebody sees to already, and the task that is cancelled then. A local call of that task needs no
    /// watch of its own; one of another task, which has inherited the context, does.
    package var watch: Watch?

    /// What most calls do not have, behind one reference: a context is copied several times for each call.
    private var extras: Extras?

    /// Metadata, trace and fields; never changed.
    private final class Extras: Sendable {
        let metadata: [String: String]
        let trace: TraceContext?
        let fields: [String: String]

        init(metadata: [String: String], trace: TraceContext?, fields: [String: String]) {
            self.metadata = metadata
            self.trace = trace
            self.fields = fields
        }
    }

    /// Makes a context; an empty one by default.
    public init(deadline: MonotonicTime? = nil, metadata: [String: String] = [:], trace: TraceContext? = nil) {
        self.deadline = deadline
        setExtras(metadata, trace, [:])
    }

    /// A context that has nothing but a deadline.
    @inline(__always)
    package init(onlyDeadline deadline: MonotonicTime?) {
        self.deadline = deadline
    }

    /// Small pairs of text that travel along; at most ``RPCLimits/maximumMetadataBytes`` together.
    public var metadata: [String: String] {
        get { extras?.metadata ?? [:] }
        set { setExtras(newValue, extras?.trace, fields) }
    }

    /// The trace this call is part of, if any.
    public var trace: TraceContext? {
        get { extras?.trace }
        set { setExtras(extras?.metadata ?? [:], newValue, fields) }
    }

    /// What an instrument of the application's own has put into the call beside the trace, by names in lower case; at most
    /// ``RPCLimits/maximumFields``. See ``InjectedFields``.
    package var fields: [String: String] {
        get { extras?.fields ?? [:] }
        set { setExtras(extras?.metadata ?? [:], extras?.trace, newValue) }
    }

    /// Whether there is neither metadata nor a trace, nor fields.
    package var hasNoExtras: Bool { extras == nil }

    private mutating func setExtras(_ metadata: [String: String], _ trace: TraceContext?, _ fields: [String: String]) {
        let isNothing = metadata.isEmpty && trace == nil && fields.isEmpty
        extras = isNothing ? nil : Extras(metadata: metadata, trace: trace, fields: fields)
    }

    /// Whether deadline, metadata, trace and fields are the same; who sees to the deadline does not count.
    public static func == (first: CallContext, second: CallContext) -> Bool {
        first.deadline == second.deadline && first.metadata == second.metadata && first.trace == second.trace
            && first.fields == second.fields
    }

    /// This context with the earlier of its own deadline and `other`.
    public func limited(to other: MonotonicTime?) -> CallContext {
        guard let other else { return self }
        var copy = self
        copy.deadline = deadline.map { min($0, other) } ?? other
        return copy
    }
}

// MARK: The task's context

extension CallContext {
    /// The context of the task that asks: empty outside of calls.
    public static var current: CallContext { CallScope.current?.context ?? CallContext(onlyDeadline: nil) }

    /// Runs `body` with `context` as the current one, in its task and in those that it starts.
    package static func with<R>(_ context: CallContext, _ body: () throws -> R) rethrows -> R {
        try CallScope.$current.withValue(CallScope(context), operation: body)
    }

    /// Runs `body` with `context` as the current one, in its task and in those that it starts.
    nonisolated(nonsending)
        package static func with<R>(
            _ context: CallContext, _ body: nonisolated(nonsending) () async throws -> R
        ) async rethrows -> R
    {
        try await CallScope.$current.withValue(CallScope(context)) { try await body() }
    }
}

/// A task's context, as the task-local value: an object, so that a task that runs call after call puts the next one's
/// context into it instead of binding a value for each, which costs as much as all the rest of a small call.
package final class CallScope: @unchecked Sendable {
    // @unchecked: changed only by the task that it was made for, and only while no other one knows it.

    // Not visible to other modules, so that accesses need no check of exclusivity.
    private var content: CallContext

    package init(_ context: CallContext) {
        content = context
    }

    /// What ``CallContext/current`` gives.
    package var context: CallContext {
        get { content }
        set { content = newValue }
    }

    /// See ``CallContext/needsWatch``.
    package var needsWatch: Bool { content.needsWatch }
    /// See ``CallContext/hasNoExtras``.
    package var hasNoExtras: Bool { content.hasNoExtras }

    @TaskLocal package static var current: CallScope?
}

// MARK: Watching the deadline

extension CallContext {
    /// See ``CallContext/watch``.
    package struct Watch: Sendable, Equatable {
        var deadline: MonotonicTime
        var task: TaskIdentity?
    }

    /// Tells a task from others while it lives.
    package struct TaskIdentity: Sendable, Equatable {
        /// Where the task is.
        private let address: UInt

        /// The task that asks; nil outside of tasks.
        package static var current: TaskIdentity? {
            unsafe withUnsafeCurrentTask { task in unsafe task.map { unsafe TaskIdentity($0) } }
        }

        /// The task that asks, if any, and whether it is cancelled already.
        @inline(__always)
        package static var currentAndCancelled: (task: TaskIdentity?, isCancelled: Bool) {
            unsafe withUnsafeCurrentTask { task in
                guard let task = unsafe task else { return (nil, false) }
                return unsafe (TaskIdentity(task), task.isCancelled)
            }
        }

        private init(_ task: UnsafeCurrentTask) {
            // One reference, which is not counted: to copy it costs as much as to send a call.
            address = unsafe unsafeBitCast(task, to: UInt.self)
        }

        /// Whether the task is cancelled; only for one that certainly lives, such as one that waits for the asker. From any
        /// thread, as `Task.isCancelled` may be asked from any.
        package var isCancelled: Bool {
            unsafe unsafeBitCast(address, to: UnsafeCurrentTask.self).isCancelled
        }
    }

    /// Whether nobody sees to the deadline of the task that asks.
    package var needsWatch: Bool {
        guard let deadline else { return false }
        guard let watch, watch.deadline <= deadline else { return true }
        return watch.task != .current
    }

    /// This context for the task that asks, whose deadline is seen to: somebody cancels it then.
    package var watched: CallContext { watched(by: .current) }

    /// This context for the task `task`, whose deadline is seen to: somebody cancels it then.
    @inline(__always)
    package func watched(by task: TaskIdentity?) -> CallContext {
        var copy = self
        copy.watch = deadline.map { Watch(deadline: $0, task: task) }
        return copy
    }
}
