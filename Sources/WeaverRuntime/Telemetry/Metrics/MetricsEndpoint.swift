internal import HTTPTypes
package import WeaverCore
package import WeaverLoop

/// Answers `GET /metrics` in Prometheus' text format, for those who fetch them now and then. Kept, and closed, by whoever has
/// started it.
package final class MetricsEndpoint: Sendable {
    private let server: HTTPListenerServer

    /// Where it listens.
    package let address: SocketAddress

    /// Listens on `address`; `measured` gives what there is at the moment.
    package static func start(
        loop: EventLoop, address: SocketAddress, measured: @escaping @Sendable () async -> MeasuredDeployment
    ) async throws -> MetricsEndpoint {
        let server = HTTPListenerServer(loop: loop) { request, _, writer in
            try await answer(request, writer, measured)
        }
        do {
            return MetricsEndpoint(server, try await server.start(address: address))
        } catch let error as UVError where error.isAddressInUse {
            throw CannotListen(description: "the address \(address) of the metrics is in use")
        }
    }

    /// An address that another program has.
    package struct CannotListen: Error, CustomStringConvertible {
        package let description: String
    }

    private init(_ server: HTTPListenerServer, _ address: SocketAddress) {
        self.server = server
        self.address = address
    }

    private static func answer(
        _ request: HTTPRequest, _ writer: HTTPResponseWriter, _ measured: () async -> MeasuredDeployment
    ) async throws {
        guard (request.path ?? "").prefix(while: { $0 != "?" }) == "/metrics" else {
            return try await writer.respond(status: .notFound, body: "there is /metrics\n")
        }
        guard request.method == .get || request.method == .head else {
            return try await writer.respond(status: .methodNotAllowed, headers: [.allow: "GET, HEAD"])
        }
        try await writer.respond(
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: PrometheusText(of: [await measured()]).text)
    }

    /// Cuts every connection.
    package func close() async { try? await server.close() }
}
