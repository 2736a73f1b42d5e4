import TestSupport
import WeaverCore
import WeaverLoop

/// An address at which connections are neither made nor refused, until it listens: the kernel's queue is full.
final class DeafServer: @unchecked Sendable {
    // @unchecked: touched on the loop's thread only, except for what is constant.
    let address: SocketAddress
    private let loop: EventLoop
    private let socket: ListeningSocket
    private var listener: StreamListener?
    private var fillers: [ByteStream] = []
    private var peers: [RawPeer] = []
    private let probe = StreamProbe()
    private let accepted: AsyncStream<RawPeer>
    private let accept: AsyncStream<RawPeer>.Continuation

    init(loop: EventLoop) async throws {
        self.loop = loop
        // Of no length: one connection is still queued, the next one's first packet is dropped and sent again later.
        socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0), backlog: 0)
        address = socket.address
        (accepted, accept) = AsyncStream<RawPeer>.makeStream()
        let isFull = Promise<Void>()
        probe.onConnect = { _ in isFull.fulfil(()) }
        try await loop.run {
            self.fillers.append(
                try ByteStream.connect(to: self.address, loop: loop, timeout: .seconds(30), delegate: self.probe))
        }
        await isFull.wait()
    }

    /// Accepts what waits, and what comes.
    func listen() async throws {
        try await loop.run {
            self.listener = try StreamListener(loop: self.loop, adopting: self.socket) { [unowned self] stream in
                let peer = RawPeer(accepted: stream, loop: loop)
                peers.append(peer)
                accept.yield(peer)
            }
            for filler in self.fillers { filler.close() }
        }
    }

    /// The next connection that was made by somebody else than this object.
    func next() async -> RawPeer? {
        for await peer in accepted {
            if await !peer.receive(until: { bytes, ended in ended || !bytes.isEmpty }).isEmpty { return peer }
            try? await peer.close()
        }
        return nil
    }

    func close() async throws {
        let peers = try await loop.run {
            self.listener?.close()
            for filler in self.fillers { filler.close() }
            return self.peers
        }
        for peer in peers { try await peer.close() }
    }
}
