import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle
import WeaverRuntime

extension ApplicationProtocol {
    /// The application on a socket of Weaver's, where Hummingbird would bind one of its own.
    func listening(on listener: WeaverListener) -> some Service {
        ListeningApplication(app: self, listener: listener)
    }
}

/// Serves HTTP/1.1 as Hummingbird's own server does, but on a listener: in a deployment clients come through its proxy.
private struct ListeningApplication<App: ApplicationProtocol>: Service {
    let app: App
    let listener: WeaverListener

    func run() async throws {
        let responder = try await app.responder
        let http = HTTP1Channel { [app] request, writer, channel in
            let response = await respond(to: request, by: responder, of: app, over: channel)
            try await writer.write(response: response.head, body: response.body)
        }
        let quiescing = ServerQuiescingHelper(group: app.eventLoopGroup)
        // From here on the descriptor is SwiftNIO's, which closes it with the channel.
        let server = try await ServerBootstrap(group: app.eventLoopGroup)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = quiescing.makeServerChannelHandler(channel: channel)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(listener.takeDescriptor()) { http.setup(channel: $0, logger: app.logger) }
        try await withGracefulShutdownHandler {
            try await server.executeThenClose { clients in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await client in clients {
                        group.addTask { await http.handle(value: client, logger: app.logger) }
                    }
                }
            }
        } onGracefulShutdown: {
            // Accepts no more, and lets what is in flight end.
            quiescing.initiateShutdown(promise: nil)
        }
    }
}

private func respond<App: ApplicationProtocol>(
    to request: Request, by responder: App.Responder, of app: App, over channel: any Channel
) async -> Response {
    let context = App.Context(source: ApplicationRequestContextSource(channel: channel, logger: app.logger))
    do {
        var response = try await responder.respond(to: request, context: context)
        if let name = app.configuration.serverName { response.headers[.server] = name }
        return response
    } catch {
        app.logger.error("\(request.method) \(request.uri.path): \(error)")
        return Response(status: .internalServerError)
    }
}
