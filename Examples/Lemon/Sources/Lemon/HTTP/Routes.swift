import HTTPTypes
import WeaverRuntime

/// The HTTP interface of the shop: turns a request into calls of components, and their results into an answer.
struct Routes: Sendable {
    let products: any Products
    let categories: any Categories

    /// Answers a request; never fails, because a failure is an answer too.
    func answer(to request: HTTPRequest, body: [UInt8]) async -> Answer {
        do {
            let query = Query(request.path ?? "/")
            switch query.path {
            case "/product": return try await product(request.method, query, body)
            case "/category": return try await category(request.method, query, body)
            default: return .failure(.notFound, "there is nothing at \(query.path)")
            }
        } catch let error as BadRequest {
            return .failure(.badRequest, error.reason)
        } catch ProductError.unknownCategory(let id) {
            return .failure(.badRequest, "there is no category \(id)")
        } catch let error as CallError {
            return .failure(.serviceUnavailable, "\(error)")
        } catch {
            return .failure(.internalServerError, "\(error)")
        }
    }

    private func product(_ method: HTTPRequest.Method, _ query: Query, _ body: [UInt8]) async throws -> Answer {
        switch method {
        case .get:
            return try .json(try await products.list(try query.ids()))
        case .post:
            let id = try await products.create(try decode(ProductDraft.self, from: body))
            return try .json(["id": id], .created)
        case .put:
            let id = try query.id()
            let found = try await products.update(id, to: try decode(ProductDraft.self, from: body))
            return found ? .ok : .failure(.notFound, "there is no product \(id)")
        case .delete:
            let id = try query.id()
            return try await products.delete(id) ? .ok : .failure(.notFound, "there is no product \(id)")
        default:
            return methodNotAllowed(method, query, allow: "GET, POST, PUT, DELETE")
        }
    }

    private func category(_ method: HTTPRequest.Method, _ query: Query, _ body: [UInt8]) async throws -> Answer {
        switch method {
        case .get:
            let id = try query.id()
            guard let found = try await categories.get(id) else {
                return .failure(.notFound, "there is no category \(id)")
            }
            return try .json(found.category).with(.xCache, found.isHit ? "hit" : "miss")
        case .post:
            let category = try decode(Category.self, from: body)
            guard try await categories.create(category) else {
                return .failure(.conflict, "there is a category \(category.id) already")
            }
            return try .json(["id": category.id], .created)
        case .put:
            let category = try decode(Category.self, from: body)
            guard category.id == (try query.id()) else {
                throw BadRequest("the id of the body is not the id of the address")
            }
            let found = try await categories.update(category)
            return found ? .ok : .failure(.notFound, "there is no category \(category.id)")
        default:
            return methodNotAllowed(method, query, allow: "GET, POST, PUT")
        }
    }

    private func methodNotAllowed(_ method: HTTPRequest.Method, _ query: Query, allow: String) -> Answer {
        .failure(.methodNotAllowed, "\(method) is not possible at \(query.path)").with(.allow, allow)
    }
}
