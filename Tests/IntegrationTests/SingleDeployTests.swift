import Foundation
import Testing

extension Integration {
    /// The lemon application as one process.
    @Suite(.serialized) struct SingleDeployTests {
        @Test func everyRouteWorksInOneProcess() async throws {
            let sandbox = try Sandbox()
            let port = try freePort()
            let config = try sandbox.lemonConfig(listener: "127.0.0.1:\(port)")
            let lemon = try Program(Binaries.weaver, ["single", "deploy", config], in: sandbox)
            defer { lemon.signal(SIGKILL) }
            try await eventually("a listener: \(lemon.errors)") {
                guard lemon.isRunning else { throw DidNotHappen(description: "a start: \(lemon.errors)") }
                return (try? HTTPConnection(port: port)) != nil
            }
            try LemonScript.run(over: try HTTPConnection(port: port))
            lemon.signal(SIGINT)
            #expect(try await lemon.exitCode() == 0, "\(lemon.errors)")
            #expect(sandbox.leftBehind() == [])
        }

        /// A port of 127.0.0.1 that was free a moment ago.
        private func freePort() throws -> UInt16 {
            let socket = try ListeningPort()
            defer { socket.close() }
            return socket.port
        }
    }
}
