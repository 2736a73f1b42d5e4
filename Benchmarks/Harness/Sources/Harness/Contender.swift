/// Something that is measured: a program that keeps the contract of `peer.h`, and one of its methods.
public struct Contender: Sendable {
    /// What options and JSON call it.
    public let name: String
    /// What the table calls it.
    public let title: String
    /// The program's path.
    public let program: String
    /// What the program is told; "" where it has only one method.
    public let method: String
    /// Whether both sides talk over a Unix socket, and not over TCP.
    public let usesSocket: Bool
    /// Which shapes it is measured at.
    public let takesPart: @Sendable (Shape) -> Bool

    /// A program that takes part at all shapes unless `takesPart` says otherwise.
    public init(
        name: String, title: String, program: String, method: String = "", usesSocket: Bool = false,
        takesPart: @Sendable @escaping (Shape) -> Bool = { _ in true }
    ) {
        self.name = name
        self.title = title
        self.program = program
        self.method = method
        self.usesSocket = usesSocket
        self.takesPart = takesPart
    }
}
