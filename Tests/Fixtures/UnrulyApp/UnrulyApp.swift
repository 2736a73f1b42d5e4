import HTTPTypes
import WeaverRuntime

/// An application for the integration tests: its component does on request what an application should not do.
@main
@Implements(Main.self)
final class UnrulyApp: Main {
    @Ref var unruly: any Unruly
    @Listener var door: WeaverListener

    func serve() async throws {
        try await door.serve { request, body, writer in
            switch request.path {
            case "/spin": try await self.unruly.spin()
            case "/crash": try await self.unruly.crash()
            default: try await self.unruly.behave()
            }
            try await writer.respond(body: "ok")
        }
    }
}

@Component
protocol Unruly: Sendable {
    /// Does nothing.
    @Idempotent func behave() async throws
    /// Never gives the thread back.
    func spin() async throws
    /// Ends the process by a trap.
    func crash() async throws
}

@Implements(Unruly.self)
final class UnrulyService: Unruly {
    func behave() async throws {}

    func spin() async throws {
        while true {}
    }

    func crash() async throws {
        fatalError("told to crash")
    }
}
