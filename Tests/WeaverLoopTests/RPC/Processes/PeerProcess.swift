import RPCTestProtocol
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The tests over two and more real processes, one at a time: each of them has processes of its own.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum PeerProcesses {}

/// A process of the program `RPCTestPeer`, which ends with its standard input, and so with the test.
final class PeerProcess: @unchecked Sendable {
    // @unchecked: `child` and `input` are used on the loop's thread only.

    /// Where it listens.
    let address: SocketAddress
    let processID: Int32
    let ended: Promise<WeaverLoop.ExitStatus>
    private let loop: EventLoop
    private let child: ChildProcess
    private let input: ByteStream

    private init(_ started: Started, address: SocketAddress, loop: EventLoop) {
        self.address = address
        self.loop = loop
        child = started.child
        processID = started.child.processID
        input = started.input
        ended = started.ended
    }

    /// What the loop has made.
    private struct Started: @unchecked Sendable {
        // @unchecked: handed from the loop to its owner, which uses it on the loop.
        let child: ChildProcess
        let input: ByteStream
        let ended: Promise<WeaverLoop.ExitStatus>
    }

    /// The program, beside the tests.
    static let executable: String = {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        let folders = bundle.split(separator: "/", omittingEmptySubsequences: false)
        let depth = folders.lastIndex { $0.hasSuffix(".xctest") } ?? folders.count - 1
        return (folders[..<depth] + ["RPCTestPeer"]).joined(separator: "/")
    }()

    /// Starts a process and waits until it listens. `prefix` is a command that runs it.
    static func start(
        _ options: PeerOptions = PeerOptions(), prefix: [String] = [], loop: EventLoop
    ) async throws -> PeerProcess {
        let command = prefix + [executable] + options.arguments
        let line = Promise<String?>()
        let started = try await loop.run { try spawn(command, line: line, loop: loop) }
        guard let text = await line.wait(), let address = SocketAddress(text) else {
            let status = await started.ended.wait()
            try await loop.run { started.input.close() }
            throw PeerDidNotStart(command: command, status: status)
        }
        return PeerProcess(started, address: address, loop: loop)
    }

    private static func spawn(_ command: [String], line: Promise<String?>, loop: EventLoop) throws -> Started {
        var inputPipe = try PipePair()
        var outputPipe = try PipePair()
        let (childInput, childOutput) = (inputPipe.takeReadEnd(), outputPipe.takeWriteEnd())
        defer {
            closeDescriptor(childInput)
            closeDescriptor(childOutput)
        }
        var configuration = ChildProcess.Configuration(executable: command[0])
        configuration.arguments = Array(command.dropFirst())
        configuration.descriptors = [0: childInput, 1: childOutput, 2: 2]
        let ended = Promise<WeaverLoop.ExitStatus>()
        let child = try ChildProcess(loop: loop, configuration) { ended.fulfil($0) }
        let output = try ByteStream.adopt(pipe: outputPipe.takeReadEnd(), loop: loop)
        let probe = StreamProbe()
        probe.onRead = { [unowned probe] stream in
            guard let end = probe.received.firstIndex(of: UInt8(ascii: "\n")) else { return }
            line.fulfil(String(decoding: probe.received[..<end], as: UTF8.self))
            stream.close()
        }
        probe.onEnd = { stream in
            line.fulfil(nil)
            stream.close()
        }
        output.delegate = probe
        output.startReading()
        return Started(
            child: child, input: try ByteStream.adopt(pipe: inputPipe.takeWriteEnd(), loop: loop), ended: ended)
    }

    /// Sends a signal.
    func signal(_ number: Int32) async throws {
        try await loop.run { self.child.kill(number) }
    }

    /// Stops it, and waits until it has stopped: on another core it goes on for a moment.
    func stop() async throws {
        try await signal(SIGSTOP)
        try await eventually("the process has stopped") {
            guard let stat = unsafe fopen("/proc/\(processID)/stat", "r") else { return true }
            defer { unsafe fclose(stat) }
            var text = [CChar](repeating: 0, count: 256)
            guard unsafe fgets(&text, 256, stat) != nil else { return false }
            // Behind the name in parentheses.
            guard let end = text.lastIndex(of: CChar(UInt8(ascii: ")"))), end + 2 < text.count else { return false }
            return text[end + 2] == CChar(UInt8(ascii: "T"))
        }
    }

    /// Kills it, and waits for its end.
    func kill() async throws {
        try await signal(SIGKILL)
        _ = await ended.wait()
    }

    /// Ends it, also when it is stopped, and gives how it ended.
    func end() async throws -> WeaverLoop.ExitStatus {
        try await loop.run {
            self.child.kill(SIGCONT)
            self.input.close()
        }
        return await ended.wait()
    }
}

/// The process has ended before it listened.
struct PeerDidNotStart: Error {
    let command: [String]
    let status: WeaverLoop.ExitStatus
}

/// A loop with the peers of this process, and other processes, which must end in order unless the test has killed them.
func withPeerProcesses(
    _ options: [PeerOptions] = [PeerOptions()], limits: RPCLimits = RPCLimits(),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (EventLoop, RPCPeers, [PeerProcess]) async throws -> Void
) async throws {
    try await withLoop(sourceLocation: sourceLocation) { loop in
        var processes: [PeerProcess] = []
        let peers = RPCPeers(loop: loop, hello: .peer(name: "test"), limits: limits)
        let result: Result<Void, any Error>
        do {
            for options in options { processes.append(try await PeerProcess.start(options, loop: loop)) }
            result = .success(try await body(loop, peers, processes))
        } catch {
            result = .failure(error)
            // A failed test may have left it in any state.
            for process in processes { try await process.signal(SIGKILL) }
        }
        await peers.close()
        for process in processes {
            let status = try await process.end()
            guard case .success = result else { continue }
            let isFine = status == .exited(0) || status == .killed(signal: SIGKILL)
            #expect(isFine, "\(process.address) ended by \(status)", sourceLocation: sourceLocation)
        }
        try result.get()
    }
}
