package import WeaverCore
package import WeaverLoop

/// From the key of a request's method to the component of this process that has it.
package final class ComponentDispatcher: RPCDispatcher {
    private let loop: EventLoop
    private let components: [String: ServedComponent]
    private let methods: [MethodKey: ServedMethod]

    /// The dispatcher of a process that hosts `records`; each component refuses calls until it has started.
    package init(loop: EventLoop, hosting records: some Sequence<ImplementationRecord>) {
        self.loop = loop
        var components: [String: ServedComponent] = [:]
        var methods: [MethodKey: ServedMethod] = [:]
        for record in records {
            let component = ServedComponent(record)
            components[component.name] = component
            for (index, method) in record.component.methods.enumerated() {
                methods[method.key] = ServedMethod(component: component, index: index)
            }
        }
        self.components = components
        self.methods = methods
    }

    /// The component takes calls from here on. From any thread; returns when it does.
    package func start(_ record: ImplementationRecord, _ implementation: any Implementation) async {
        let stub = record.serverStub(implementation)
        let component = components[record.component.name]
        await withCheckedContinuation { continuation in
            loop.execute {
                component?.start(stub)
                continuation.resume()
            }
        }
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
        PeerDispatcher(peer: peer.name, permitted: Set(peer.reachable), methods: methods)
    }

    package func dispatch(_ key: MethodKey, arguments: inout WireDecoder, call: ServerCall) -> DispatchResult {
        guard let method = methods[key] else { return .fail(.unknownMethod(key)) }
        return method.component.dispatch(method.index, arguments: &arguments)
    }
}

/// A method of a component of this process.
private struct ServedMethod: Sendable {
    let component: ServedComponent
    let index: Int
}

extension CallError {
    fileprivate static func unknownMethod(_ key: MethodKey) -> CallError {
        CallError(.unknownMethod, "no component of this process has a method with the key \(key)")
    }
}

/// The methods as one peer may call them.
private struct PeerDispatcher: RPCDispatcher {
    private let peer: String
    private let allowed: [MethodKey: ServedMethod]
    private let refused: [MethodKey: ServedMethod]

    init(peer: String, permitted: Set<String>, methods: [MethodKey: ServedMethod]) {
        self.peer = peer
        allowed = methods.filter { permitted.contains($0.value.component.name) }
        refused = methods.filter { !permitted.contains($0.value.component.name) }
    }

    func dispatch(_ key: MethodKey, arguments: inout WireDecoder, call: ServerCall) -> DispatchResult {
        if let method = allowed[key] { return method.component.dispatch(method.index, arguments: &arguments) }
        guard let method = refused[key] else { return .fail(.unknownMethod(key)) }
        return .fail(CallError(.notPermitted, "\(peer) has no ref to \(method.component.name)"))
    }
}
