/// What is called: how large, how many at once, and where both sides run.
public struct Shape: Hashable, Encodable, Sendable {
    /// Bytes of the argument, and of the result.
    public let size: Int
    /// Calls in flight, on one connection.
    public let inFlight: Int
    /// Whether both processes are pinned to the same core, and not to one each.
    public let sharesCore: Bool

    /// Both sides have a core each unless `sharesCore`.
    public init(size: Int, inFlight: Int, sharesCore: Bool = false) {
        self.size = size
        self.inFlight = inFlight
        self.sharesCore = sharesCore
    }

    /// For people.
    public var title: String {
        let count = inFlight == 1 ? "one at a time" : "\(inFlight) in flight"
        return "\(Self.text(bytes: size)), \(count)\(sharesCore ? ", both sides on one core" : "")"
    }

    /// The number of bytes in the largest unit that it is a multiple of.
    public static func text(bytes: Int) -> String {
        switch bytes {
        case let bytes where bytes >= 1 << 20 && bytes % (1 << 20) == 0: "\(bytes >> 20) MiB"
        case let bytes where bytes >= 1 << 10 && bytes % (1 << 10) == 0: "\(bytes >> 10) KiB"
        default: "\(bytes) B"
        }
    }

    /// Small ones, one at a time and many at once; and large ones.
    public static let standard = [
        Shape(size: 64, inFlight: 1, sharesCore: true), Shape(size: 64, inFlight: 1), Shape(size: 64, inFlight: 64),
        Shape(size: 64, inFlight: 256), Shape(size: 64 << 10, inFlight: 16), Shape(size: 1 << 20, inFlight: 1),
    ]
}
