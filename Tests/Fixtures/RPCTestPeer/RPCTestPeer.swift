internal import RPCTestProtocol
internal import WeaverCore
internal import WeaverLoop

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The other process of the RPC's tests. It prints its address, answers ``PeerMethod``, and ends with its standard input,
/// which a test holds: with code 0 when nothing was left open.
@main
struct RPCTestPeer {
    static func main() async throws {
        guard let options = PeerOptions(arguments: CommandLine.arguments.dropFirst()) else {
            return end("arguments that are not known: \(CommandLine.arguments)", code: 2)
        }
        let loop = try EventLoop(name: "peer")
        // Stopped by a test that has died, it would stay for ever.
        loop.execute { ProcessLimits.continueWhenParentDies() }
        ProcessLimits.raiseOpenFiles()
        let dispatcher = PeerDispatcher(loop: loop, options: options)
        let server = try await RPCServer.start(
            loop: loop, address: options.address, hello: .peer(name: options.name), limits: options.limits,
            dispatcher: dispatcher)
        dispatcher.serve(server)
        print(server.address)
        fflush(nil)
        awaitEndOfInput()
        await dispatcher.caller.close()
        await server.close()
        // Returns when the last call has.
        await server.drain()
        loop.stop()
        guard loop.census.isBalanced else { return end("handles were left: \(loop.census)", code: 3) }
    }

    /// On the main thread, which nothing else needs.
    private static func awaitEndOfInput() {
        var byte: UInt8 = 0
        while unsafe read(0, &byte, 1) > 0 {}
    }

    private static func end(_ reason: String, code: Int32) {
        let line = Array("\(reason)\n".utf8)
        unsafe _ = line.withUnsafeBytes { bytes in unsafe write(2, bytes.baseAddress, bytes.count) }
        exit(code)
    }
}
