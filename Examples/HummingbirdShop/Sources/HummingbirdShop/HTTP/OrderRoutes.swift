import Foundation
import Hummingbird

/// `POST /orders` with `{"items": [{"product": 1, "quantity": 2}]}`, and `GET /orders/<id>`.
struct OrderRoutes {
    let orders: any Orders

    var routes: RouteCollection<BasicRequestContext> {
        RouteCollection(context: BasicRequestContext.self)
            .post(use: place)
            .get(":id", use: show)
    }

    private struct Body: Decodable {
        let items: [Order.Item]
    }

    @Sendable private func place(
        _ request: Request, _ context: BasicRequestContext
    ) async throws -> EditedResponse<Order> {
        let body = try await request.decode(as: Body.self, context: context)
        do {
            return EditedResponse(status: .created, response: try await orders.place(body.items))
        } catch let error as OrderError {
            throw HTTPError(.unprocessableContent, message: error.description)
        }
    }

    @Sendable private func show(_ request: Request, _ context: BasicRequestContext) async throws -> Order? {
        try await orders.order(context.parameters.require("id", as: UUID.self))
    }
}

extension Order: ResponseEncodable {}
