package import WeaverCore

/// The methods of the process that tests call, see `RPCTestPeer`.
package enum PeerMethod: String, CaseIterable, Sendable {
    /// `[UInt8]` → the same.
    case echo
    /// Never answers, until it is cancelled.
    case hang
    /// Never gives its thread back: the process answers nothing more.
    case spin
    /// → ``PeerContext``, the call's as the process sees it.
    case context
    /// ``PeerRoute`` → the contexts of all processes on the way.
    case relay
    /// Text → nothing; counts a run of that name. With `hangs` among the process's arguments it does not answer.
    case run
    /// Text → the number of runs of that name.
    case runs
    /// Microseconds → nothing, after as much work on the loop.
    case work
    /// Milliseconds → nothing, after a sleep of as many.
    case pause
    /// ``PeerLoad`` → nothing, when all those calls of `echo` were answered by the other process.
    case load
    /// ``PeerLoad`` → nothing; opens as many connections to the other process, makes a call over each, and keeps them.
    case connect
    /// ``PeerTree`` → the number of its nodes.
    case tree
    /// → nothing; the process begins to drain.
    case drain
    /// → ``PeerFigures``.
    case figures

    /// What stands for the method on the wire.
    package var key: MethodKey { MethodKey(signature: rawValue) }

    /// The methods by their keys.
    package static let byKey = Dictionary(uniqueKeysWithValues: allCases.map { ($0.key, $0) })
}

/// Where a relayed call goes: through the processes at `addresses`, and at the last of them to `method`, without arguments.
package struct PeerRoute: WireCodable, Sendable {
    package var addresses: [String]
    package var method: String

    package init(addresses: [String], method: PeerMethod) {
        self.addresses = addresses
        self.method = method.rawValue
    }

    package func encode(wire: inout WireEncoder) throws(WireError) {
        try addresses.encode(wire: &wire)
        try method.encode(wire: &wire)
    }

    package init(wire: inout WireDecoder) throws(WireError) {
        addresses = try [String](wire: &wire)
        method = try String(wire: &wire)
    }
}

/// Calls that a process makes at another one.
package struct PeerLoad: WireCodable, Sendable {
    package var address: String
    package var count: Int
    package var inFlight: Int

    package init(address: String, count: Int, inFlight: Int) {
        self.address = address
        self.count = count
        self.inFlight = inFlight
    }

    package func encode(wire: inout WireEncoder) throws(WireError) {
        try address.encode(wire: &wire)
        wire.append(count)
        wire.append(inFlight)
    }

    package init(wire: inout WireDecoder) throws(WireError) {
        address = try String(wire: &wire)
        count = try wire.read(Int.self)
        inFlight = try wire.read(Int.self)
    }
}

/// A value that contains values of its own type.
package struct PeerTree: WireCodable, Sendable {
    package var children: [PeerTree] = []

    package init() {}

    /// The number of nodes.
    package var count: Int { children.reduce(1) { $0 + $1.count } }

    package func encode(wire: inout WireEncoder) throws(WireError) {
        try children.encode(wire: &wire)
    }

    package init(wire: inout WireDecoder) throws(WireError) {
        children = try [PeerTree](wire: &wire)
    }
}

/// A call's context as a process sees it.
package struct PeerContext: WireCodable, Sendable {
    /// Nanoseconds that were left; nil without a deadline.
    package var timeLeft: UInt64?
    package var metadata: [String: String]
    package var trace: TraceContext?

    package init(_ context: CallContext, now: MonotonicTime) {
        timeLeft = context.deadline.map { $0 > now ? $0.nanoseconds - now.nanoseconds : 0 }
        metadata = context.metadata
        trace = context.trace
    }

    package func encode(wire: inout WireEncoder) throws(WireError) {
        try timeLeft.encode(wire: &wire)
        try metadata.encode(wire: &wire)
        try (trace != nil).encode(wire: &wire)
        guard let trace else { return }
        wire.append(trace.traceID)
        wire.append(trace.spanID)
        wire.append(trace.flags)
    }

    package init(wire: inout WireDecoder) throws(WireError) {
        timeLeft = try UInt64?(wire: &wire)
        metadata = try [String: String](wire: &wire)
        guard try Bool(wire: &wire) else { return }
        trace = TraceContext(
            traceID: try wire.read(UInt128.self), spanID: try wire.read(UInt64.self), flags: try wire.read(UInt8.self))
    }
}

/// What a process says of itself.
package struct PeerFigures: WireCodable, Sendable, Equatable {
    /// Calls of `hang`, `pause` and `work` that were begun, and of `run` with `hangs`.
    package var begun = 0
    /// Calls of `hang` and `run` whose task was cancelled.
    package var cancelled = 0
    /// Calls that run, this one among them.
    package var running = 0
    /// Handles of the loop.
    package var handles = 0
    /// Bytes that malloc has handed out, and bytes in memory; 0 where the system does not say.
    package var allocatedBytes = 0
    package var residentBytes = 0

    package init() {}

    package func encode(wire: inout WireEncoder) throws(WireError) {
        for number in [begun, cancelled, running, handles, allocatedBytes, residentBytes] { wire.append(number) }
    }

    package init(wire: inout WireDecoder) throws(WireError) {
        begun = try wire.read(Int.self)
        cancelled = try wire.read(Int.self)
        running = try wire.read(Int.self)
        handles = try wire.read(Int.self)
        allocatedBytes = try wire.read(Int.self)
        residentBytes = try wire.read(Int.self)
    }
}
