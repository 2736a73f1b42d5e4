internal import WeaverCore

/// What goes over a deployment's status socket: a line of text each way.
///
///     status     answered by a line of JSON, a ``DeploymentStatus``; then the deployer closes the connection
///     routing    the same with the slices of routed components, once their replicas have reported their load (1 s)
///     stop       answered by the line "stopping"; the connection stays open until the deployment has ended
///
/// Anything else closes the connection.
enum StatusProtocol {
    enum Command: String {
        case status, routing, stop
    }

    /// The answer to ``Command/stop``.
    static let stopping = "stopping"
    /// The longest command, in bytes.
    static let maximumCommandLength = 64
    /// The longest answer that a client accepts, in bytes. 16 MiB.
    static let maximumAnswerLength = 16 << 20
    /// How many connections a deployer keeps; more are closed at once.
    static let maximumConnections = 64
    /// How long a connection may be silent before its command: 10 s. Idle ones must not keep others out.
    static let commandTimeout = Duration.seconds(10)
}

/// Collects the bytes up to a line feed.
struct LineCollector {
    let limit: Int
    private(set) var bytes: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// What became of the line.
    enum Progress: Equatable {
        case incomplete
        case line(String)
        case tooLong
    }

    /// Takes bytes; what follows the first line feed is dropped.
    mutating func feed(_ chunk: RawSpan) -> Progress {
        for index in 0..<chunk.byteCount {
            let byte = unsafe chunk.unsafeLoad(fromByteOffset: index, as: UInt8.self)
            if byte == UInt8(ascii: "\n") { return .line(String(decoding: bytes, as: UTF8.self)) }
            guard bytes.count < limit else { return .tooLong }
            bytes.append(byte)
        }
        return .incomplete
    }
}
