import Foundation
import Testing

/// Every route of the lemon application, by HTTP: the same whether it runs as one process or as eight.
enum LemonScript {
    static func run(over http: HTTPConnection) throws {
        try categories(http)
        try products(http)
        try mistakes(http)
    }

    private static func categories(_ http: HTTPConnection) throws {
        for id in 1...20 {
            let created = try http.request("POST", "/category", #"{"id": \#(id), "name": "Fruit \#(id)", "new": [1]}"#)
            #expect(created.status == 201)
            let found = try http.request("GET", "/category?id=\(id)")
            #expect(found.status == 200)
            #expect(try fields(found) == ["id": "\(id)", "name": "Fruit \(id)"])
            #expect(found.headers["x-cache"] == "hit")
        }
        #expect(try http.request("POST", "/category", #"{"id": 7, "name": "Again"}"#).status == 409)
        #expect(try http.request("PUT", "/category?id=7", #"{"id": 7, "name": "Nuts"}"#).status == 200)
        let renamed = try http.request("GET", "/category?id=7")
        #expect(try fields(renamed)["name"] == "Nuts")
        #expect(renamed.headers["x-cache"] == "hit")
        #expect(try http.request("GET", "/category?id=999").status == 404)
        #expect(try http.request("PUT", "/category?id=999", #"{"id": 999, "name": "None"}"#).status == 404)
    }

    private static func products(_ http: HTTPConnection) throws {
        let fig = #"{"name": "Fig", "description": "sweet", "price": 1.5, "category_id": 7, "color": "green"}"#
        let created = try http.request("POST", "/product", fig)
        #expect(created.status == 201)
        let id = try #require(try fields(created)["id"].flatMap { Int($0) })
        let listed = try http.request("GET", "/product?id=\(id)&id=999999")
        #expect(listed.status == 200)
        let products = try #require(try json(listed) as? [[String: Any]])
        #expect(products.count == 1)
        let product = try #require(products.first).mapValues { "\($0)" }
        #expect(
            product == [
                "id": "\(id)", "name": "Fig", "description": "sweet", "price": "1.5", "category_id": "7",
                "category_name": "Nuts",
            ])
        let put = try http.request("PUT", "/product?id=\(id)", #"{"name": "Date", "price": 2}"#)
        #expect(put.status == 200 && put.body == "ok")
        #expect(try http.request("GET", "/product?id=\(id)").body.contains("Date"))
        let deleted = try http.request("DELETE", "/product?id=\(id)")
        #expect(deleted.status == 200 && deleted.body == "ok")
        #expect(try http.request("DELETE", "/product?id=\(id)").status == 404)
        #expect(try http.request("PUT", "/product?id=\(id)", #"{"name": "Date", "price": 2}"#).status == 404)
        let empty = try http.request("GET", "/product?id=\(id)")
        #expect(empty.status == 200 && empty.body == "[]")
    }

    private static func mistakes(_ http: HTTPConnection) throws {
        let requests: [(method: String, target: String, body: String, status: Int)] = [
            ("POST", "/product", #"{"name": "Fig", "price": 1, "category_id": 999}"#, 400),
            ("POST", "/product", "{", 400), ("POST", "/category", #"{"id": "x", "name": "Fig"}"#, 400),
            ("GET", "/product?id=one", "", 400), ("GET", "/category", "", 400), ("GET", "/nowhere", "", 404),
            ("PATCH", "/product", "", 405), ("DELETE", "/category?id=7", "", 405),
        ]
        for request in requests {
            let answer = try http.request(request.method, request.target, request.body)
            #expect(answer.status == request.status, "\(request)")
            #expect(try fields(answer)["error"]?.isEmpty == false, "\(request)")
            #expect((answer.headers["allow"] != nil) == (request.status == 405), "\(request)")
        }
    }

    private static func json(_ response: Response) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(response.body.utf8))
    }

    private static func fields(_ response: Response) throws -> [String: String] {
        try #require(try json(response) as? [String: Any]).mapValues { "\($0)" }
    }
}
