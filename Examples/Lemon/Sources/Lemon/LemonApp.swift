import WeaverRuntime

/// The main component: it answers HTTP requests with the help of the other components.
///
/// Each replica of `main` runs `serve()`. In a multi deployment a proxy spreads the requests over them.
@main
@Implements(Main.self)
final class LemonApp: Main {
    @Ref var products: any Products
    @Ref var categories: any Categories
    @Listener var lemon: WeaverListener

    func serve() async throws {
        let routes = Routes(products: products, categories: categories)
        try await lemon.serve { request, body, writer in
            let answer: Answer
            do {
                let bytes = try await body.collect(upTo: Answer.maximumRequestBody)
                answer = await routes.answer(to: request, body: bytes)
            } catch let error as HTTPError where error.code == .bodyTooLarge {
                answer = .failure(.contentTooLarge, "the body is larger than \(Answer.maximumRequestBody) bytes")
            }
            try await writer.respond(status: answer.status, headers: answer.fields, body: answer.body)
        }
    }
}
