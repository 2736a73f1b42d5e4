import Foundation
import Testing

/// `weaver proxy` in front of some backends, which is ended with its test.
final class ProxyProgram {
    let program: Program
    private(set) var port: UInt16 = 0

    /// Starts it on a free port of 127.0.0.1 and waits until it listens.
    init(backends: [UInt16], _ flags: [String] = [], in sandbox: Sandbox) async throws {
        let arguments = ["proxy", "--listen", "127.0.0.1:0"] + backends.flatMap { ["--backend", "127.0.0.1:\($0)"] }
        program = try Program(Binaries.weaver, arguments + flags, in: sandbox)
        try await eventually("a proxy that listens") {
            guard self.program.isRunning else {
                throw DidNotHappen(description: "a start: \(self.program.errors)")
            }
            guard let line = self.program.output.split(separator: "\n").first else { return false }
            let prefix = "listening on 127.0.0.1:"
            #expect(line.hasPrefix(prefix))
            self.port = try #require(UInt16(line.dropFirst(prefix.count)))
            return true
        }
    }

    deinit { program.signal(SIGKILL) }

    func connect() throws -> HTTPConnection { try HTTPConnection(port: port) }
}

/// A backend of the tests, written in Python: see `Fixtures/Python/proxy_backend.py`.
final class ScriptedBackend {
    let program: Program
    private(set) var port: UInt16 = 0

    init(in sandbox: Sandbox) async throws {
        program = try Program(Python.interpreter, ["\(Python.fixtures)/proxy_backend.py"], in: sandbox)
        try await eventually("a backend that listens") {
            guard self.program.isRunning else {
                throw DidNotHappen(description: "a start: \(self.program.errors)")
            }
            guard let line = self.program.output.split(separator: "\n").first else { return false }
            self.port = try #require(UInt16(line))
            return true
        }
    }

    deinit { program.signal(SIGKILL) }
}
