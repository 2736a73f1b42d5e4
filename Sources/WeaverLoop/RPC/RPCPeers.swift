internal import Synchronization
package import WeaverCore

/// The peers of this process: one channel for each address, shared by all components that are reached there. May be used
/// from any thread.
package final class RPCPeers: Sendable {
    private struct State {
        var channels: [SocketAddress: RPCChannel] = [:]
        var sets: [String: ReplicaSet] = [:]
        var isClosed = false
    }

    private let loop: EventLoop
    private let hello: Hello
    private let limits: RPCLimits
    private let decodeError: ErrorDecoder
    private let state = Mutex(State())

    /// No peers yet. `decodeError` makes the errors that components have thrown.
    package init(
        loop: EventLoop, hello: Hello, limits: RPCLimits = RPCLimits(),
        decodeError: @escaping ErrorDecoder = { _, _ in nil }
    ) {
        self.decodeError = decodeError
        self.loop = loop
        self.hello = hello
        self.limits = limits
    }

    /// The replicas of a component, as they are now and will be: to be kept by the component's client.
    package func replicas(of component: String) -> ReplicaSet {
        state.withLock { state in
            if let set = state.sets[component] { return set }
            let set = ReplicaSet(component: component, loop: loop, limits: limits)
            state.sets[component] = set
            return set
        }
    }

    /// Takes over routing info: the component is reached at `addresses` from now on. `slices`, of a
    /// routed component, are sorted by their first key and cover all keys. An address that no component has any more takes no new calls, finishes those
    /// in flight, and is disconnected.
    package func update(
        component: String, addresses: [SocketAddress], slices: [RoutedSlice] = []
    ) {
        let set = replicas(of: component)
        let retired = state.withLock { state -> [RPCChannel] in
            guard !state.isClosed else { return [] }
            let channels = addresses.map { address in
                if let channel = state.channels[address] { return channel }
                let channel = RPCChannel(
                    loop: loop, address: address, hello: hello, limits: limits, decodeError: decodeError)
                state.channels[address] = channel
                return channel
            }
            set.update(channels, slices: slices)
            let used = Set(state.sets.values.flatMap(\.addresses))
            let unused = state.channels.filter { !used.contains($0.key) }
            for address in unused.keys { state.channels[address] = nil }
            return Array(unused.values)
        }
        for channel in retired { channel.retire() }
    }

    /// Fails the calls in flight and closes all connections.
    package func close() async {
        let (channels, sets) = state.withLock { state in
            state.isClosed = true
            let all = (Array(state.channels.values), Array(state.sets.values))
            state.channels = [:]
            return all
        }
        for set in sets { set.close() }
        for channel in channels { await channel.close() }
    }
}
