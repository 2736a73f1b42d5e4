/// What travels with a call beside its arguments: the deadline, metadata and the trace.
///
/// The callee sees its caller's context as ``current``, and calls that it makes itself inherit it.
public struct CallContext: Sendable, Equatable {
    /// When the call is given up, on this machine's monotonic clock; nil is never. It travels as the time left.
    public var deadline: MonotonicTime?
    /// Small pairs of text that travel along; at most ``RPCLimits/maximumMetadataBytes`` together.
    public var metadata: [String: String]
    /// The trace this call is part of, if any.
    public var trace: TraceContext?

    /// The deadline that somebody sees to already, and the task that is cancelled then. A local call of that task needs no
    /// watch of its own; one of another task, which has inherited the context, does.
    package var watch: Watch?

    /// See ``CallContext/watch``.
    package struct Watch: Sendable, Equatable {
        var deadline: MonotonicTime
        var task: Int

        /// What tells the task that asks from others; 0 outside of tasks.
        static var currentTask: Int { unsafe withUnsafeCurrentTask { unsafe $0?.hashValue ?? 0 } }
    }

    /// Makes a context; an empty one by default.
    public init(deadline: MonotonicTime? = nil, metadata: [String: String] = [:], trace: TraceContext? = nil) {
        self.deadline = deadline
        self.metadata = metadata
        self.trace = trace
    }

    /// The context of the task that asks: empty outside of calls.
    @TaskLocal public static var current = CallContext()

    /// Whether nobody sees to the deadline of the task that asks.
    package var needsWatch: Bool {
        guard let deadline else { return false }
        guard let watch, watch.deadline <= deadline else { return true }
        return watch.task != Watch.currentTask
    }

    /// This context for the task that asks, whose deadline is seen to: somebody cancels it then.
    package var watched: CallContext {
        var copy = self
        copy.watch = deadline.map { Watch(deadline: $0, task: Watch.currentTask) }
        return copy
    }

    /// This context with the earlier of its own deadline and `other`.
    public func limited(to other: MonotonicTime?) -> CallContext {
        guard let other else { return self }
        var copy = self
        copy.deadline = deadline.map { min($0, other) } ?? other
        return copy
    }
}

/// The place of a call in a distributed trace, as W3C Trace Context has it.
public struct TraceContext: Hashable, Sendable {
    /// The trace's id.
    public var traceID: UInt128
    /// The id of the span that the caller is in.
    public var spanID: UInt64
    /// Bit 0: the trace is sampled.
    public var flags: UInt8

    /// Makes a trace context.
    public init(traceID: UInt128, spanID: UInt64, flags: UInt8) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags
    }
}
