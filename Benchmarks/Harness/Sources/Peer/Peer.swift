internal import CPeer

/// What a Swift peer is asked to do by its command line; see `peer.h` for the contract.
public enum Peer {
    /// To offer that method until the process is ended, on a Unix socket of that path or, without, on a port.
    case serve(method: String, socket: String?)
    /// To call until the process is ended.
    case run(PeerRun)

    /// Reads the command line. Does not come back when it is wrong, or asks only what the peer is.
    public static func fromCommandLine(about: String) -> Peer {
        guard let options = peer_parse(CommandLine.argc, CommandLine.unsafeArgv, about)?.pointee else {
            peer_fail("no options")
        }
        let method = String(cString: options.method)
        let socket = String(cString: options.socket)
        guard options.serves == 0 else { return .serve(method: method, socket: socket.isEmpty ? nil : socket) }
        return .run(
            PeerRun(
                address: String(cString: options.address), method: method, size: options.size,
                inFlight: Int(options.in_flight)))
    }
}

/// What the client of a peer shall do.
public struct PeerRun: Sendable {
    /// The server's address, as the server has printed it.
    public let address: String
    /// Which of the peer's methods to call.
    public let method: String
    /// Bytes of the argument, and of the result.
    public let size: Int
    /// Calls in flight: lanes, each of which makes one call after the other.
    public let inFlight: Int

    /// The port of the address.
    public var port: Int { Int(peer_port(address)) }

    /// What calls carry: letters, which are bytes and text alike.
    public var payload: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            buffer.withMemoryRebound(to: CChar.self) { peer_fill($0.baseAddress, size) }
            count = size
        }
    }
}
