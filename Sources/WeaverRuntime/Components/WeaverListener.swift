internal import Synchronization
package import WeaverCore
package import WeaverLoop

/// A named network endpoint of the application: what a `@Listener` property holds.
///
/// The runtime listens before the component is constructed, so that the address is known everywhere; the kernel keeps
/// what connects until the component serves. In a deployment clients do not connect to it directly: they connect to
/// ``proxyAddress``, and the deployer's proxy spreads their requests over the replicas.
///
/// A listener is served once: with `serve`, or by another server that takes the socket with ``takeDescriptor()``.
public final class WeaverListener: Sendable, CustomStringConvertible {
    /// The name, unique in the application.
    public let name: String
    /// The address that this process listens on, as `host:port`.
    public let address: String
    /// The loops that serve it.
    let loops: EventLoops
    /// What makes the spans of its requests; nil for none.
    let tracer: WeaverTracer?

    private let socket: ListeningSocket
    private let state = Mutex(State())

    private struct State {
        var proxyAddress: String?
        var isTaken = false
        var isDraining = false
        var drain: (@Sendable () async -> Void)?
    }

    /// Listens on `address`, where port 0 is any free port.
    package init(
        name: String, address: SocketAddress, loops: EventLoops, tracer: WeaverTracer? = nil
    ) throws(UVError) {
        self.tracer = tracer
        self.name = name
        self.loops = loops
        socket = try ListeningSocket(address: address)
        self.address = socket.address.description
    }

    /// The same for a process that has one loop.
    package convenience init(
        name: String, address: SocketAddress, loop: EventLoop, tracer: WeaverTracer? = nil
    ) throws(UVError) {
        try self.init(name: name, address: address, loops: EventLoops(loop), tracer: tracer)
    }

    /// The address of the deployer's proxy, as `host:port`; nil in a single process, and before `start()` of the
    /// component has returned: only then does the proxy learn of this replica.
    public var proxyAddress: String? { state.withLock { $0.proxyAddress } }

    /// The address that clients connect to: the proxy's where there is one.
    public var description: String { proxyAddress ?? address }

    /// Hands the listening socket to a server of another library: SwiftNIO's `ServerBootstrap.withBoundSocket`, or what is
    /// built on it.
    ///
    /// The descriptor is bound, listens, does not block and is closed by `exec`; what has connected so far waits in it. It
    /// belongs to the caller, who closes it once, or has it closed by the server that it is given to; the listener forgets
    /// it. In a deployment the proxy sends requests to it as it does with `serve`.
    ///
    /// The end of the process is told to `serve()` by the cancellation of its task: the other server then accepts no more,
    /// and lets what is in flight end within the 10 s of the process's drain.
    ///
    /// - Throws: ``ListenerError`` when the listener is served already, or the process is ending.
    public func takeDescriptor() throws -> Int32 {
        let socket = try takeSocket(drain: nil)
        guard let descriptor = socket.takeDescriptor() else { throw ListenerError(name: name) }
        return descriptor
    }

    /// Hands the socket to a server that accepts on ``loops``.
    ///
    /// - Parameter drain: stops accepting, and returns when nothing is in flight any more; called at most once.
    /// - Throws: ``ListenerError`` when the listener is served already, or the process is ending.
    package func takeSocket(drain: (@Sendable () async -> Void)?) throws(ListenerError) -> ListeningSocket {
        let wasFree = state.withLock { state in
            guard !state.isTaken, !state.isDraining else { return false }
            state.isTaken = true
            state.drain = drain
            return true
        }
        guard wasFree else { throw ListenerError(name: name) }
        return socket
    }

    /// Remembers the address of the proxy that has been told of ``address``.
    package func exported(as proxyAddress: String) {
        state.withLock { $0.proxyAddress = proxyAddress }
    }

    /// Accepts no more, and returns when nothing is in flight any more. Nobody can begin to serve afterwards.
    package func drain() async {
        let drain = state.withLock { state in
            state.isDraining = true
            return exchange(&state.drain, with: nil)
        }
        await drain?()
    }
}

/// A listener can not be served: it is already, or the process is ending.
public struct ListenerError: Error, Sendable, CustomStringConvertible {
    /// The listener's name.
    public let name: String

    /// The error in words.
    public var description: String { "the listener '\(name)' is served already, or the process is ending" }
}
