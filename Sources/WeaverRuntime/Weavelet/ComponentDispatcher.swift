package import WeaverCore
package import WeaverLoop

/// From the key of a request's method to the component of this process that has it.
package final class ComponentDispatcher: RPCDispatcher {
    private let loop: EventLoop
    private let components: [String: ServedComponent]
    private let methods: [MethodKey: ServedMethod]
    private let table: MethodTable<ServedMethod>

    /// The dispatcher of a process that hosts `records`; each component refuses calls until it has started. `tracer` makes the
    /// spans of calls whose traces are recorded.
    package init(
        loop: EventLoop, hosting records: some Sequence<ImplementationRecord>, tracer: WeaverTracer? = nil
    ) {
        self.loop = loop
        var components: [String: ServedComponent] = [:]
        var methods: [MethodKey: ServedMethod] = [:]
        for record in records {
            let component = ServedComponent(record, tracer: tracer)
            components[component.name] = component
            for (info, method) in zip(record.component.methods, component.methods) { methods[info.key] = method }
        }
        self.components = components
        self.methods = methods
        table = MethodTable(methods)
    }

    /// The component takes calls from here on. From any thread; returns when it does, or when the loop has
    /// ended, on which nobody calls any more.
    package func start(_ record: ImplementationRecord, _ implementation: any Implementation) async {
        let stub = record.serverStub(implementation)
        let component = components[record.component.name]
        try? await loop.run { component?.start(stub) }
    }

    /// Counts the calls of a routed component of this process by the slices of `assignment`. On the loop's thread.
    package func assign(_ assignment: Assignment, to component: String) {
        loop.preconditionInLoop("ComponentDispatcher.assign")
        components[component]?.assign(assignment, now: loop.now)
    }

    /// What has been counted of the routed components whose assignment is known, since the last time. On the loop's
    /// thread.
    package func takeLoad() -> [LoadReport] {
        loop.preconditionInLoop("ComponentDispatcher.takeLoad")
        let now = loop.now
        return components.values.compactMap { $0.takeLoad(now: now) }
    }

    /// The dispatcher for one peer: what the peer has not named in its hello is refused.
    package func session(for peer: HelloPeer) -> any RPCDispatcher {
        let permitted = Set(peer.reachable)
        return PeerDispatcher(
            peer: peer.name, all: table,
            permitted: MethodTable(methods.filter { permitted.contains($0.value.component) }))
    }

    package func dispatch(
        _ key: MethodKey, arguments: inout WireDecoder, head: CallHead
    ) throws(CallError) -> ServerCall {
        guard let method = table[key] else { throw .unknownMethod(key) }
        return try method.dispatch(&arguments, head)
    }
}

extension CallError {
    fileprivate static func unknownMethod(_ key: MethodKey) -> CallError {
        CallError(.unknownMethod, "no component of this process has a method with the key \(key)")
    }
}

/// The methods as one peer may call them.
private final class PeerDispatcher: RPCDispatcher {
    private let peer: String
    private let all: MethodTable<ServedMethod>
    private let permitted: MethodTable<ServedMethod>

    init(peer: String, all: MethodTable<ServedMethod>, permitted: MethodTable<ServedMethod>) {
        self.peer = peer
        self.all = all
        self.permitted = permitted
    }

    func dispatch(
        _ key: MethodKey, arguments: inout WireDecoder, head: CallHead
    ) throws(CallError) -> ServerCall {
        if let method = permitted[key] { return try method.dispatch(&arguments, head) }
        guard let method = all[key] else { throw .unknownMethod(key) }
        throw CallError(.notPermitted, "\(peer) has no ref to \(method.component)")
    }
}
