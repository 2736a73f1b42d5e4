import Synchronization
import TestSupport
import WeaverCore

@testable import WeaverLoop

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A network namespace of this process's own, with a virtual cable to it that can be cut.
struct NetworkNamespace {
    /// Where processes in the namespace listen; any port.
    let address: SocketAddress
    /// The command that runs a program in it.
    var prefix: [String] { ["ip", "netns", "exec", name] }

    private let name: String
    private let loop: EventLoop

    private static let made = Mutex(0)

    private static func next(_ made: inout sending Int) -> sending Int {
        made += 1
        return made
    }

    /// Runs `body` with a namespace, and removes it, and with it the cable, afterwards.
    static func with<R>(loop: EventLoop, _ body: (NetworkNamespace) async throws -> R) async throws -> R {
        // The system takes its time to remove one, so each has a name of its own.
        let serial = made.withLock(Self.next)
        let id = "\(getpid())-\(serial)"
        let name = "weaver-test-\(id)"
        // One of the nets that are set aside for tests of networks, RFC 2544.
        let number = (Int(getpid()) * 4 + serial) % (1 << 15)
        let net = "198.\(18 + number >> 14).\(number >> 6 & 255)."
        let (here, there) = ("\(net)\(number % 64 * 4 + 1)", "\(net)\(number % 64 * 4 + 2)")
        let namespace = NetworkNamespace(address: .ip(there, port: 0), name: name, loop: loop)
        let result: Result<R, any Error>
        do {
            try await namespace.ip("netns", "add", name)
            try await namespace.ip("link", "add", "wv\(id)", "type", "veth", "peer", "name", "cable", "netns", name)
            try await namespace.ip("addr", "add", here + "/30", "dev", "wv\(id)")
            try await namespace.ip("link", "set", "wv\(id)", "up")
            try await namespace.ip("-n", name, "addr", "add", there + "/30", "dev", "cable")
            try await namespace.ip("-n", name, "link", "set", "cable", "up")
            result = .success(try await body(namespace))
        } catch {
            result = .failure(error)
        }
        try? await namespace.ip("netns", "del", name)
        return try result.get()
    }

    /// Whether this process may make one: that takes rights, and the program `ip`. Asked once.
    static let areAvailable = Task {
        guard let loop = try? EventLoop(name: "namespaces") else { return false }
        defer { loop.stop() }
        return (try? await with(loop: loop) { _ in true }) ?? false
    }

    /// Nothing passes the cable any more, and neither side hears of it.
    func cutCable() async throws {
        try await ip("-n", name, "link", "set", "cable", "down")
    }

    /// Mends the cable.
    func mendCable() async throws {
        try await ip("-n", name, "link", "set", "cable", "up")
    }

    private func ip(_ arguments: String...) async throws {
        let ended = Promise<WeaverLoop.ExitStatus>()
        try await loop.run {
            var configuration = ChildProcess.Configuration(executable: "ip")
            configuration.arguments = arguments
            _ = try ChildProcess(loop: loop, configuration) { ended.fulfil($0) }
        }
        let status = await ended.wait()
        guard status == .exited(0) else { throw CommandFailed(arguments: arguments, status: status) }
    }

    /// `ip` has refused.
    struct CommandFailed: Error {
        let arguments: [String]
        let status: WeaverLoop.ExitStatus
    }
}
