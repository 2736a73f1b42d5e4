// The payload of a request frame:
//
//     u64 method key | u64 time left in ns, 0 = no deadline | u8 flags
//     flag 1: u128 trace id, u64 span id, u8 trace flags
//     flag 4, only with 1: the trace's state (u32 length + UTF-8)
//     flag 2: u16 count, then key and value of each metadata pair (u32 length + UTF-8)
//     flag 8: what the application's own instrument has injected, as metadata is written
//     the arguments

/// What stands before the arguments of a call.
package struct RequestHeader: Equatable, Sendable {
    /// The method.
    package var key: MethodKey
    /// How long the caller waits from now on, in nanoseconds; 0 is for ever. A plain number, because a `Duration` costs
    /// arithmetic of 128 bits for each call.
    package var timeLeft: UInt64
    /// The caller's metadata, trace and fields.
    private var extras = CallContext(onlyDeadline: nil)

    private static let hasTrace: UInt8 = 1
    private static let hasMetadata: UInt8 = 2
    private static let hasState: UInt8 = 4
    private static let hasFields: UInt8 = 8

    package init(key: MethodKey, timeLeft: UInt64, trace: TraceContext?, metadata: [String: String]) {
        self.key = key
        self.timeLeft = timeLeft
        extras = CallContext(metadata: metadata, trace: trace)
    }

    /// The caller's trace.
    package var trace: TraceContext? { extras.trace }
    /// The caller's metadata.
    package var metadata: [String: String] { extras.metadata }
    /// What the caller's instrument has injected; see ``CallContext/fields``.
    package var fields: [String: String] { extras.fields }

    /// Writes the header of a call with `context` made at `now`. A deadline that has passed travels as one nanosecond:
    /// the caller has checked it before.
    @inline(__always)
    package static func encode(
        key: MethodKey, context: CallContext, now: MonotonicTime, wire: inout WireEncoder
    ) throws(WireError) {
        wire.append(key.rawValue)
        var left: UInt64 = 0
        if let deadline = context.deadline {
            left = deadline > now ? deadline.nanoseconds - now.nanoseconds : 1
        }
        wire.append(left)
        if context.hasNoExtras { wire.append(0 as UInt8) } else { try encodeOptional(context, wire: &wire) }
    }

    @inline(never)
    private static func encodeOptional(_ context: CallContext, wire: inout WireEncoder) throws(WireError) {
        // A state that is too long is nobody's that may be relied on.
        let state = context.trace.map { $0.state.utf8.count <= TraceContext.maximumStateLength ? $0.state : "" } ?? ""
        wire.append(
            (context.trace == nil ? 0 : hasTrace) | (context.metadata.isEmpty ? 0 : hasMetadata)
                | (state.isEmpty ? 0 : hasState) | (context.fields.isEmpty ? 0 : hasFields))
        if let trace = context.trace {
            wire.append(trace.traceID)
            wire.append(trace.spanID)
            wire.append(trace.flags)
            if !state.isEmpty { try state.encode(wire: &wire) }
        }
        if !context.metadata.isEmpty { try PairLimits.metadata.encode(context.metadata, wire: &wire) }
        if !context.fields.isEmpty { try PairLimits.fields.encode(context.fields, wire: &wire) }
    }

    /// Reads a header, leaving the arguments.
    @inline(__always)
    package init(wire: inout WireDecoder) throws(WireError) {
        key = MethodKey(rawValue: try wire.read(UInt64.self))
        timeLeft = try wire.read(UInt64.self)
        let flags = try wire.read(UInt8.self)
        if flags != 0 { extras = try Self.decodeOptional(flags, wire: &wire) }
    }

    @inline(never)
    private static func decodeOptional(_ flags: UInt8, wire: inout WireDecoder) throws(WireError) -> CallContext {
        var trace: TraceContext?
        guard flags & ~(hasTrace | hasMetadata | hasState | hasFields) == 0, flags & (hasTrace | hasState) != hasState
        else {
            throw WireError(.badValue, "a request has the flags \(flags)")
        }
        if flags & hasTrace != 0 {
            trace = TraceContext(
                traceID: try wire.read(UInt128.self), spanID: try wire.read(UInt64.self),
                flags: try wire.read(UInt8.self))
            if flags & hasState != 0 {
                let state = try String(wire: &wire)
                guard state.utf8.count <= TraceContext.maximumStateLength else {
                    throw WireError(.tooLong, "\(state.utf8.count) bytes of a trace's state")
                }
                trace?.state = state
            }
        }
        var context = CallContext(trace: trace)
        if flags & hasMetadata != 0 { context.metadata = try PairLimits.metadata.decode(wire: &wire) }
        if flags & hasFields != 0 { context.fields = try PairLimits.fields.decode(wire: &wire) }
        return context
    }

    /// The context of the call at the callee, where it arrived at `now`.
    @inline(__always)
    package func context(now: MonotonicTime) -> CallContext {
        var context = extras
        context.deadline = timeLeft == 0 ? nil : now.advanced(nanoseconds: timeLeft)
        return context
    }
}

/// How many pairs of text there may be, and how long they are together.
private struct PairLimits {
    let name: String
    let count: Int
    let bytes: Int

    static let metadata = PairLimits(
        name: "metadata", count: RPCLimits.maximumMetadataPairs, bytes: RPCLimits.maximumMetadataBytes)
    static let fields = PairLimits(
        name: "an instrument's fields", count: RPCLimits.maximumFields, bytes: RPCLimits.maximumFieldBytes)

    func encode(_ pairs: [String: String], wire: inout WireEncoder) throws(WireError) {
        guard pairs.count <= count else {
            throw WireError(.tooLong, "\(pairs.count) pairs of \(name), \(count) are the limit")
        }
        wire.append(UInt16(pairs.count))
        let start = wire.count
        for (key, value) in pairs {
            try key.encode(wire: &wire)
            try value.encode(wire: &wire)
        }
        let length = wire.count - start - 8 * pairs.count
        guard length <= bytes else {
            throw WireError(.tooLong, "\(length) bytes of \(name), where \(bytes) are the limit")
        }
    }

    func decode(wire: inout WireDecoder) throws(WireError) -> [String: String] {
        var pairs: [String: String] = [:]
        let number = Int(try wire.read(UInt16.self))
        guard number <= count else { throw WireError(.badCount, "\(number) pairs of \(name)") }
        var length = 0
        for _ in 0..<number {
            let before = wire.remaining
            let key = try String(wire: &wire)
            let value = try String(wire: &wire)
            length += before - wire.remaining - 8
            guard length <= bytes else { throw WireError(.badCount, "more than \(bytes) bytes of \(name)") }
            guard pairs.updateValue(value, forKey: key) == nil else {
                throw WireError(.badValue, "a key of \(name) comes twice")
            }
        }
        return pairs
    }
}
