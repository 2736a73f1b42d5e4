import Foundation
import HTTPTypes
import Testing

@testable import Lemon

/// The HTTP interface without a server: requests go to `Routes`, and the components behind it are doubles.
@Suite struct RoutesTests {
    private let routes = Routes(products: FakeProducts(), categories: FakeCategories())

    private func ask(_ method: HTTPRequest.Method, _ target: String, _ body: String = "") async -> Answer {
        let request = HTTPRequest(method: method, scheme: "http", authority: "lemon", path: target)
        return await routes.answer(to: request, body: [UInt8](body.utf8))
    }

    @Test func aProductIsCreatedListedReplacedAndDeleted() async {
        #expect(await ask(.post, "/product", #"{"name": "Fig", "price": 1.5, "color": "green"}"#).text == #"{"id":1}"#)
        #expect(
            await ask(.get, "/product?id=1&id=7").text
                == #"[{"category_id":null,"category_name":null,"description":"","id":1,"name":"Fig","price":1.5}]"#)
        #expect(await ask(.put, "/product?id=1", #"{"name": "Date", "price": 2}"#) == .ok)
        #expect(await ask(.delete, "/product?id=1") == .ok)
        #expect(await ask(.delete, "/product?id=1").status == .notFound)
        #expect(await ask(.put, "/product?id=1", #"{"name": "Date", "price": 2}"#).status == .notFound)
        #expect(await ask(.get, "/product?id=1").text == "[]")
    }

    @Test func anUnknownCategoryOfAProductIsTheClientsMistake() async {
        let answer = await ask(.post, "/product", #"{"name": "Fig", "price": 1, "category_id": 99}"#)
        #expect(answer.status == .badRequest)
        #expect(answer.text == #"{"error":"there is no category 99"}"#)
    }

    @Test func aCategoryIsCreatedOnceAndTellsWhetherTheCacheHadIt() async {
        #expect(await ask(.post, "/category", #"{"id": 3, "name": "Fruit"}"#).status == .created)
        #expect(await ask(.post, "/category", #"{"id": 3, "name": "Fruit"}"#).status == .conflict)
        let found = await ask(.get, "/category?id=3")
        #expect(found.text == #"{"id":3,"name":"Fruit"}"#)
        #expect(found.fields[.xCache] == "hit")
        #expect(await ask(.put, "/category?id=3", #"{"id": 3, "name": "Fruits"}"#) == .ok)
        #expect(await ask(.put, "/category?id=4", #"{"id": 4, "name": "Nuts"}"#).status == .notFound)
        #expect(await ask(.get, "/category?id=4").status == .notFound)
    }

    @Test(arguments: [
        ("GET", "/category", "", "exactly one id is needed: /category?id=1"),
        ("GET", "/category?id=1&id=2", "", "exactly one id is needed: /category?id=1"),
        ("GET", "/product?id=one", "", "id is not a number: one"),
        ("GET", "/product?id=99999999999999999999", "", "id is not a number: 99999999999999999999"),
        ("DELETE", "/product?id=", "", "id is not a number: "),
        ("POST", "/product", "{", "the body is not valid JSON, or a number in it is out of range"),
        ("POST", "/product", "", "the body is not valid JSON, or a number in it is out of range"),
        ("POST", "/product", "[1]", "the body is not a JSON object"),
        ("POST", "/product", #"{"price": 1}"#, "the field name is missing"),
        ("POST", "/product", #"{"name": "Fig", "price": "1"}"#, "the field price has the wrong type"),
        (
            "POST", "/category", #"{"id": 1.5, "name": "Fig"}"#,
            "the body is not valid JSON, or a number in it is out of range"
        ),
        ("PUT", "/category?id=2", #"{"id": 3, "name": "Fig"}"#, "the id of the body is not the id of the address"),
    ])
    func whatCannotBeUnderstoodIsAnsweredWithTheReason(
        method: String, target: String, body: String, reason: String
    ) async throws {
        let answer = await ask(try #require(HTTPRequest.Method(method)), target, body)
        #expect(answer.status == .badRequest)
        #expect(try JSONDecoder().decode([String: String].self, from: Data(answer.body)) == ["error": reason])
        #expect(answer.fields[.contentType] == "application/json")
    }

    @Test func otherMethodsAndPathsAreRefused() async {
        let product = await ask(.patch, "/product")
        #expect(product.status == .methodNotAllowed)
        #expect(product.fields[.allow] == "GET, POST, PUT, DELETE")
        let category = await ask(.delete, "/category?id=1")
        #expect(category.status == .methodNotAllowed)
        #expect(category.fields[.allow] == "GET, POST, PUT")
        #expect(await ask(.get, "/").status == .notFound)
        #expect(await ask(.get, "/products").status == .notFound)
    }
}

extension Answer {
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}

/// Products in memory; no category exists.
private actor FakeProducts: Products {
    private var products: [Int: Product] = [:]
    private var lastID = 0

    func list(_ ids: [Int]) async throws -> [Product] { ids.compactMap { products[$0] } }

    func create(_ draft: ProductDraft) async throws -> Int {
        if let category = draft.categoryID { throw ProductError.unknownCategory(category) }
        lastID += 1
        products[lastID] = Product(
            id: lastID, name: draft.name, description: draft.description ?? "", price: draft.price)
        return lastID
    }

    func update(_ id: Int, to draft: ProductDraft) async throws -> Bool {
        guard products[id] != nil else { return false }
        products[id] = Product(id: id, name: draft.name, description: draft.description ?? "", price: draft.price)
        return true
    }

    func delete(_ id: Int) async throws -> Bool { products.removeValue(forKey: id) != nil }
}

/// Categories in memory, all of them cached.
private actor FakeCategories: Categories {
    private var categories: [Int: Lemon.Category] = [:]

    func get(_ id: Int) async throws -> CachedCategory? {
        categories[id].map { CachedCategory(category: $0, isHit: true) }
    }

    func create(_ category: Lemon.Category) async throws -> Bool {
        guard categories[category.id] == nil else { return false }
        categories[category.id] = category
        return true
    }

    func update(_ category: Lemon.Category) async throws -> Bool {
        guard categories[category.id] != nil else { return false }
        categories[category.id] = category
        return true
    }
}
