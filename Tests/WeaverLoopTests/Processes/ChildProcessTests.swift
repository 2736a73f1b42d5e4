import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct ChildProcessTests {
    /// Runs a shell script with its standard output at `descriptor`, and gives output and status.
    private func shell(
        _ script: String, loop: EventLoop, outputAt descriptor: Int32 = 1,
        configure: @escaping @Sendable (inout ChildProcess.Configuration) -> Void = { _ in },
        started: @escaping @Sendable (ChildProcess) -> Void = { _ in }
    ) async throws -> (output: String, status: WeaverLoop.ExitStatus) {
        let probe = StreamProbe()
        let status = Promise<WeaverLoop.ExitStatus>()
        try await loop.run {
            var pipe = try PipePair()
            let writeEnd = pipe.takeWriteEnd()
            defer { close(writeEnd) }
            var configuration = ChildProcess.Configuration(executable: "/bin/sh")
            configuration.arguments = ["-c", script]
            configuration.descriptors = [descriptor: writeEnd]
            configure(&configuration)
            let child = try ChildProcess(loop: loop, configuration) { status.fulfil($0) }
            started(child)
            let output = try ByteStream.adopt(pipe: pipe.takeReadEnd(), loop: loop)
            output.delegate = probe
            output.startReading()
        }
        let bytes = await probe.endOfInput.wait()
        _ = await probe.ended.wait()
        return (String(decoding: bytes, as: UTF8.self), await status.wait())
    }

    @Test func `arguments, environment and exit code arrive`() async throws {
        try await withLoop { loop in
            let result = try await shell(
                "printf '%s|%s|%s|' \"$1\" \"$WORD\" \"$HOME\"; exit 7", loop: loop
            ) { configuration in
                configuration.arguments += ["sh", "a b"]
                configuration.environment = ["WORD=x y"]
            }
            #expect(result.output == "a b|x y||")
            #expect(result.status == .exited(7))
        }
    }

    @Test func `a descriptor gets the number that the child knows it by`() async throws {
        try await withLoop { loop in
            let result = try await shell("echo five >&5", loop: loop, outputAt: 5)
            #expect(result.output == "five\n")
            #expect(result.status == .exited(0))
        }
    }

    @Test func `a child has no descriptor but those it was handed`() async {
        // In a process of its own: other tests of this one open files that children inherit.
        await #expect(processExitsWith: .success) {
            try await withLoop { loop in
                var pipe = try PipePair()
                let (readEnd, writeEnd) = (pipe.takeReadEnd(), pipe.takeWriteEnd())
                defer {
                    close(readEnd)
                    close(writeEnd)
                }
                let result = try await ChildProcessTests().shell("cd /proc/self/fd && echo *", loop: loop)
                // One more is the shell's own, for the folder that it expands.
                let numbers = result.output.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
                precondition(numbers.count <= 4 && numbers.prefix(3) == [0, 1, 2], "\(numbers)")
            }
        }
    }

    @Test func `a signal is told apart from an exit code`() async throws {
        try await withLoop { loop in
            let result = try await shell(
                "echo ready; exec sleep 1000", loop: loop, started: { $0.kill(SIGKILL) })
            #expect(result.status == .killed(signal: SIGKILL))
        }
    }

    @Test func `a child in a session of its own takes its descendants along`() async throws {
        try await withLoop { loop in
            // The pipe ends only when the grandchild has gone too.
            let child = Held()
            let result = Task {
                try await shell("sleep 1000 & sleep 1000", loop: loop) {
                    $0.ownSession = true
                } started: {
                    child.process = $0
                }
            }
            try await eventually("the child has started") { try await loop.run { child.process != nil } }
            try await loop.run { child.process?.kill(SIGTERM, wholeGroup: true) }
            let status = try await result.value.status
            #expect(status == .killed(signal: SIGTERM))
        }
    }

    @Test func `what a child in a session of its own has started does not outlive it`() async throws {
        try await withLoop { loop in
            // The pipe ends only when the grandchild has gone too, which ignores what it can.
            let result = try await shell("trap '' HUP TERM; sleep 1000 & echo started", loop: loop) {
                $0.ownSession = true
            }
            #expect(result.output == "started\n")
            #expect(result.status == .exited(0))
        }
    }

    @Test func `signals that we ignore have their default action in a child`() async throws {
        try await withLoop { loop in
            let result = try await shell("kill -PIPE $$; echo alive", loop: loop)
            #expect(result.status == .killed(signal: SIGPIPE))
            #expect(result.output.isEmpty)
        }
    }

    @Test func `a program that does not exist is an error that names it`() async throws {
        try await withLoop { loop in
            try await loop.run {
                let error = #expect(throws: UVError.self) {
                    _ = try ChildProcess(loop: loop, .init(executable: "/nowhere/program")) { _ in
                        Issue.record("it never ran")
                    }
                }
                #expect(error?.name == "ENOENT")
                #expect(error?.operation == "starting /nowhere/program")
            }
        }
    }

    @Test func `a process that has ended keeps its id and takes no signals`() async throws {
        try await withLoop { loop in
            let child = Held()
            _ = try await shell("exit 0", loop: loop, started: { child.process = $0 })
            try await loop.run {}
            try await loop.run {
                #expect((child.process?.processID ?? 0) > 1)
                child.process?.kill(SIGKILL)
                #expect(child.process?.isOpen == false)
            }
        }
    }
}

private final class Held: @unchecked Sendable {
    // Used on the loop's thread only.
    var process: ChildProcess?
}
