import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.timeLimit(.minutes(1)))
struct EnvelopeTests {
    /// Hears what happens; on the loop.
    private final class Delegate: EnvelopeDelegate, @unchecked Sendable {
        // @unchecked: used on the loop's thread only, but for the promises.
        var envelope: Envelope?
        var lines: [(String, Bool)] = []
        let exited = Promise<WeaverLoop.ExitStatus>()
        let closed = Promise<String?>()
        let firstLine = Promise<String>()
        let message = Promise<WeaveletMessage>()

        func envelope(_ envelope: Envelope, received message: WeaveletMessage, id: Int64) {
            self.message.fulfil(message)
        }
        func envelope(_ envelope: Envelope, printed line: String, toStandardError: Bool) {
            lines.append((line, toStandardError))
            firstLine.fulfil(line)
        }
        func envelope(_ envelope: Envelope, pipesClosed reason: String?) { closed.fulfil(reason) }
        func envelope(_ envelope: Envelope, exited status: WeaverLoop.ExitStatus) {
            exited.fulfil(status)
            self.envelope = nil
        }
    }

    private func run(_ script: String, _ loop: EventLoop) async throws -> Delegate {
        let delegate = Delegate()
        try await loop.run {
            delegate.envelope = try Envelope(
                loop: loop, replica: "r", group: "main",
                program: .init(executable: "/bin/sh", arguments: ["-c", script], environment: ["PATH=/usr/bin:/bin"]),
                delegate: delegate)
        }
        return delegate
    }

    @Test func `lines of both outputs and the exit code arrive`() async throws {
        try await withLoop { loop in
            let delegate = try await run("echo out; echo err >&2; exit 7", loop)
            #expect(await delegate.exited.wait() == .exited(7))
            #expect(await delegate.closed.wait() == nil)
            while try await loop.run({ delegate.lines.count < 2 }) { await Task.yield() }
            try await loop.run {
                #expect(delegate.lines.contains { $0 == ("out", false) })
                #expect(delegate.lines.contains { $0 == ("err", true) })
            }
        }
    }

    @Test func `a kill takes along what the process has started`() async throws {
        try await withLoop { loop in
            let delegate = try await run("trap '' HUP TERM; sleep 1000 & echo $!; wait", loop)
            let fork = try #require(Int32(await delegate.firstLine.wait()))
            try await loop.run { delegate.envelope?.kill(9) }
            #expect(await delegate.exited.wait() == .killed(signal: 9))
            // A process that was killed may stay as a zombie until init has looked; its program is gone.
            while ProcessIdentity.isRunning(fork) { await Task.yield() }
        }
    }

    @Test func `a process that closes its pipe and lives on is told of`() async throws {
        try await withLoop { loop in
            let delegate = try await run(
                "exec 4>&-; echo closed; exec cat <&3 >/dev/null", loop)
            #expect(await delegate.firstLine.wait() == "closed")
            #expect(await delegate.closed.wait() == nil)
            #expect(await delegate.exited.wait() == .exited(0))
        }
    }

    @Test func `bytes that are no message close the pipe with a reason`() async throws {
        try await withLoop { loop in
            let delegate = try await run("printf '\\377\\377\\377\\377' >&4; exec cat <&3 >/dev/null", loop)
            #expect(await delegate.closed.wait()?.contains("where at most") == true)
            #expect(await delegate.exited.wait() == .exited(0))
        }
    }

    // MARK: In this process

    /// What a weavelet of this process was given.
    private struct Given: Sendable {
        let descriptors: (read: Int32, write: Int32)
        let ended: @Sendable (Int32) -> Void
    }

    private func resident(_ loop: EventLoop) async throws -> (delegate: Delegate, given: Given) {
        let delegate = Delegate()
        let given = Promise<Given>()
        try await loop.run {
            delegate.envelope = try Envelope(
                loop: loop, replica: "r", group: "main",
                resident: { given.fulfil(Given(descriptors: $0, ended: $1)) }, delegate: delegate)
            #expect(delegate.envelope?.processID == Int64(getpid()))
        }
        return (delegate, await given.wait())
    }

    @Test func `a weavelet of this process ends with its code, once`() async throws {
        try await withLoop { loop in
            let (delegate, given) = try await resident(loop)
            given.ended(3)
            given.ended(4)
            #expect(await delegate.exited.wait() == .exited(3))
            #expect(await delegate.closed.wait() == nil)
            closeDescriptor(given.descriptors.read)
            closeDescriptor(given.descriptors.write)
        }
    }

    @Test func `a weavelet of this process that is killed sees the end of its pipe, and counts as ended`() async throws
    {
        try await withLoop { loop in
            let (delegate, given) = try await resident(loop)
            try await loop.run { delegate.envelope?.kill(9) }
            #expect(await delegate.exited.wait() == .killed(signal: 9))
            #expect(await delegate.closed.wait() == nil)
            var byte: UInt8 = 0
            #expect(unsafe read(given.descriptors.read, &byte, 1) == 0)
            given.ended(0)
            closeDescriptor(given.descriptors.read)
            closeDescriptor(given.descriptors.write)
        }
    }
}

extension ProcessIdentity {
    /// Whether the process exists and is no zombie.
    fileprivate static func isRunning(_ pid: Int32) -> Bool {
        guard let bytes = try? SmallFile.read("/proc/\(pid)/stat", limit: 4096) else { return false }
        let state = String(decoding: bytes, as: UTF8.self).split(separator: ")").last?.split(separator: " ").first
        return state != "Z" && state != "X"
    }
}
