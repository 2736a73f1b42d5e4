internal import WeaverCore

/// What goes over a deployment's status socket: a line of text each way.
///
///     status     answered by a line of JSON, a ``DeploymentStatus``; then the deployer closes the connection
///     routing    the same with the slices of routed components, once their replicas have reported their load (1 s)
///     metrics    answered by a line of JSON, a ``MeasuredDeployment``
///     restart    with the full name of a component behind a space, or without one: answered by lines of JSON, each a
///                ``RestartProgress``, until the rolling restart is done or has failed; then the deployer closes the connection
///     stop       answered by the line "stopping"; the connection stays open until the deployment has ended
///
/// Anything else closes the connection.
enum StatusProtocol {
    enum Command: String {
        case status, routing, metrics, restart, stop
    }

    /// The answer to ``Command/stop``.
    static let stopping = "stopping"
    /// A command and the name behind it; nil when it is none.
    static func parse(_ line: String) -> (command: Command, name: String?)? {
        let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
        guard let command = parts.first.flatMap(Command.init), parts.count == 1 || command == .restart else {
            return nil
        }
        return (command, parts.count > 1 ? parts[1] : nil)
    }

    /// The longest command with its name, in bytes. 512.
    static let maximumCommandLength = 512
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
