import Foundation
import TestSupport
import Testing

/// A ref may hold a stub, whatever the optimiser thinks it knows of the interface's conformances.
@Suite("optimised builds")
struct DevirtualizationTests {
    static let implementations = ["actor Service", "final class Service", "struct Service"]

    @Test("a call through a ref is not bound to the one implementation in the source", arguments: implementations)
    func internalInterface(implementation: String) async throws {
        let source = """
            import WeaverRuntime

            @Component
            protocol Shop: Sendable {
                func stock(of item: Int) async throws -> Int
            }

            @Implements(Shop.self)
            \(implementation): Shop {
                func stock(of item: Int) async throws -> Int { item }
            }

            @inline(never)
            func ask(_ shop: any Shop) async throws -> Int { try await shop.stock(of: 7) }

            public func use(_ shop: any Sendable) async throws -> Int? {
                guard let shop = shop as? any Shop else { return nil }
                return try await ask(shop)
            }
            """
        let (outcome, code) = try await CompilerHarness.withHarness { harness in
            let outcome = try await harness.compile("Stock", ["Stock.swift": source], flags: ["-O"])
            return (outcome, try String(contentsOf: harness.folder.appending(path: "Stock.sil"), encoding: .utf8))
        }
        #expect(outcome.status == 0, "\(outcome.output)")
        let isDefinition = { (line: Substring) in line.hasPrefix("sil ") && line.contains("$s5Stock3ask") }
        let function = code.split(separator: "\n").drop { !isDefinition($0) }.prefix {
            $0 != "}" && !$0.hasPrefix("} //")
        }
        #expect(function.contains { $0.contains("witness_method") }, "\(function.joined(separator: "\n"))")
    }
}
