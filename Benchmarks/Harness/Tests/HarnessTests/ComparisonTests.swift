import Testing

@testable import Harness

@Suite struct ComparisonTests {
    private let shape = Shape(size: 64, inFlight: 64)

    private func line(server: Int, client: Int = 100) -> String {
        """
        {"calls": 1000, "nanoseconds": 2000000, "serverNanoseconds": \(server * 1000), \
        "clientNanoseconds": \(client * 1000), "othersNanoseconds": 500000, "p50Nanoseconds": 5000, "p99Nanoseconds": 9000}
        """
    }

    private func result(_ name: String, at shape: Shape, servers: [Int]) throws -> ContestResult {
        var result = ContestResult(Contender(name: name, title: "the \(name)", program: ""), shape)
        result.runs = try servers.map { try PeerMeasurement(line: line(server: $0)) }
        return result
    }

    @Test func `a line of a peer becomes microseconds for each call`() throws {
        let measurement = try PeerMeasurement(line: line(server: 400))
        #expect(measurement.serverMicroseconds == 0.4)
        #expect(measurement.clientMicroseconds == 0.1)
        #expect(measurement.callsPerSecond == 500_000)
        #expect(measurement.p50Microseconds == 5)
        #expect(measurement.otherCores == 0.25)
    }

    @Test(arguments: ["", "ready", "{\"calls\": 5}", "[]"])
    func `what is no measurement is refused`(line: String) {
        #expect(throws: PeerFailure.self) { try PeerMeasurement(line: line) }
    }

    @Test func `a window without a call gives no number`() {
        let empty = line(server: 1).replacing("1000, \"nano", with: "0, \"nano")
        #expect(throws: PeerFailure.self) { try PeerMeasurement(line: empty) }
    }

    @Test func `ratios are of medians, to the ceiling at the same shape`() throws {
        let other = Shape(size: 1024, inFlight: 1)
        let comparison = Comparison(
            [
                try result("ceiling", at: shape, servers: [250, 1000, 100]),
                try result("peer", at: shape, servers: [500, 750, 9000]),
                try result("peer", at: other, servers: [500]),
            ], ceiling: "ceiling")
        #expect(comparison.rows.map(\.serverRatio) == [1, 3, nil])
        #expect(comparison.rows.map(\.clientRatio) == [1, 1, nil])
        #expect(
            comparison.rows[1].cells.prefix(7) == ["the peer", "500000", "500000", "500000", "0.75", "0.50", "9.00"])
    }

    @Test func `a peer that failed is named, and is in no table`() throws {
        var failed = try result("broken", at: shape, servers: [])
        failed.failure = "ended with code 1"
        let text = Comparison([try result("ceiling", at: shape, servers: [100]), failed], ceiling: "ceiling").text()
        #expect(text.contains("### 64 B, 64 in flight"))
        #expect(text.contains("Left out: the broken, 64 B, 64 in flight: ended with code 1"))
        #expect(!text.contains("| the broken"))
    }

    @Test func `each row has a cell for each column`() throws {
        let comparison = Comparison([try result("a", at: shape, servers: [1])], ceiling: "none")
        #expect(comparison.rows.map(\.cells.count) == [ComparisonRow.columns.count])
    }
}
