import Foundation
import Testing

extension Integration {
    /// The category cache in three replicas, called as real keys are: a few of them most of the time.
    @Suite(.serialized) struct RoutingTests {
        private static let cache = "Lemon.CategoryCache"
        private static let categories = 100

        /// Ids in the order of 500 calls, by Zipf's law with s = 1.1: the first has a quarter of all calls. The same for
        /// each run.
        private static let ids: [Int] = {
            let weights = (1...categories).map { pow(Double($0), -1.1) }
            let all = weights.reduce(0, +)
            let counts = weights.map { max(1, Int(($0 / all * 500).rounded())) }
            // A step that has no divisor in common with the number spreads equal ones apart.
            let sorted = counts.enumerated().flatMap { Array(repeating: $0.offset + 1, count: $0.element) }
            let step = [7, 11, 13].first { sorted.count % $0 != 0 } ?? 1
            return sorted.indices.map { sorted[$0 * step % sorted.count] }
        }()

        @Test func aSkewedLoadIsSpreadOverAllReplicasAndTheStatusShowsIt() async throws {
            let sandbox = try Sandbox()
            let extra = """
                load_interval = "200ms"
                [weaver.group.CategoryCache]
                replicas = 3
                """
            let lemon = try await Deployment(config: try sandbox.lemonConfig(extra: extra), in: sandbox)
            let http = try lemon.connect()
            for id in 1...Self.categories {
                let created = try http.request("POST", "/category", #"{"id": \#(id), "name": "new"}"#)
                #expect(created.status == 201)
            }
            var last: [Status.Routing] = []
            try await eventually(within: .seconds(60), "slices of loads that are alike: \(last)") {
                #expect(await self.callAll(port: lemon.port).map { "\($0)" } == [])
                last = try await self.routing(of: lemon)
                guard let cache = last.first, cache.slices > 3 else { return false }
                let loads = cache.replicas.map(\.callsPerSecond)
                let mean = loads.reduce(0, +) / 3
                return loads.count == 3 && mean > 0 && loads.allSatisfy { $0 > mean / 2 && $0 < mean * 1.5 }
            }
            try await checkTable(of: lemon, cache: try #require(last.first))
            // Nothing is lost on the way of a slice from one replica to another.
            for id in 1...Self.categories {
                let found = try http.request("GET", "/category?id=\(id)")
                #expect(found.status == 200 && found.body.contains("new"), "\(found)")
            }
            try await lemon.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        /// The skewed calls from four clients at once; every tenth is a PUT. Gives what failed.
        private func callAll(port: UInt16) async -> [any Error] {
            await onThreads(4) { client in
                let http = try HTTPConnection(port: port)
                for (index, id) in Self.ids.enumerated() {
                    let answer =
                        index % 10 == client
                        ? try http.request("PUT", "/category?id=\(id)", #"{"id": \#(id), "name": "new \#(client)"}"#)
                        : try http.request("GET", "/category?id=\(id)")
                    if answer.status != 200 { throw ConnectionError(description: "\(id): \(answer)") }
                }
            }
        }

        private func routing(of lemon: Deployment) async throws -> [Status.Routing] {
            let answer = try await weaver("multi", "status", "--routing", "--json", in: lemon.sandbox)
            try #require(answer.code == 0, "\(answer.errors)")
            let list = try JSONDecoder().decode(StatusList.self, from: Data(answer.output.utf8))
            return list.deployments.first?.routing ?? []
        }

        private func checkTable(of lemon: Deployment, cache: Status.Routing) async throws {
            #expect(cache.component == Self.cache)
            #expect(Set(cache.replicas.compactMap(\.pid)) == Set(try await lemon.pids(of: Self.cache)))
            #expect(abs(cache.replicas.map(\.keys).reduce(0, +) - 1) < 0.001)
            #expect(cache.replicas.map(\.slices).reduce(0, +) >= cache.slices)
            let table = try await weaver("multi", "status", "--routing", in: lemon.sandbox).output
            let rows = table.split(separator: "\n").filter { $0.contains(Self.cache) && $0.contains("%") }
            #expect(rows.count == 3, "\(table)")
            for replica in cache.replicas {
                let pid = try #require(replica.pid)
                #expect(rows.contains { $0.contains("│ \(pid) ") }, "\(table)")
            }
        }
    }
}
