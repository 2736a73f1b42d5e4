/// What is fuzzed: each target takes any bytes as a hostile peer could send them, and traps where a property that
/// users rely on does not hold.
///
/// The nested package `Fuzz` feeds them with libFuzzer; `FuzzCasesTests` replays the cases that are committed there.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// The frame decoder: every way of cutting the stream gives the same frames.
    case frames
    /// The argument codec: what decodes encodes to the same again.
    case arguments
    /// The hello exchange, as client and as server: nothing passes before the peer is known.
    case hello
    /// The headers of requests, with deadline, trace and metadata.
    case requests
    /// The frames of the pipes.
    case pipes
    /// The heads of HTTP requests and responses: one reading however they are cut.
    case heads
    /// The bodies of HTTP messages, likewise.
    case bodies
    /// A client's bytes and a backend's, in any order: each side reads back what was understood, and nothing else.
    case exchange
    /// The header of the PROXY protocol: one reading however it is cut.
    case preface
    /// The frames of a WebSocket, from the client: the same messages, answers and end however they are cut.
    case websocket

    /// Runs the target on one input.
    public func run(_ bytes: [UInt8]) {
        switch self {
        case .frames: checkFrames(bytes)
        case .arguments: checkArguments(bytes)
        case .hello: checkHello(bytes)
        case .requests: checkRequestHeader(bytes)
        case .pipes: checkPipeFrames(bytes)
        case .heads: checkHeads(bytes)
        case .bodies: checkBody(bytes)
        case .exchange: checkExchange(bytes)
        case .preface: checkPreface(bytes)
        case .websocket: checkWebSocket(bytes)
        }
    }
}

/// Takes the first byte, which chooses how the others are used.
func choice(of bytes: [UInt8]) -> (Int, [UInt8]) {
    (Int(bytes.first ?? 0), Array(bytes.dropFirst()))
}

extension Array<UInt8> {
    /// The array in pieces of `size` bytes; in one for 0.
    func cut(every size: Int) -> [[UInt8]] {
        guard size > 0 else { return [self] }
        return stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }

    /// A copy of the bytes of a span.
    init(copying bytes: borrowing RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}
