import Testing

@testable import Harness

@Suite struct SpreadTests {
    @Test func `nothing has no spread`() {
        #expect(Spread([]) == nil)
    }

    @Test func `one outlier moves an end and not the middle`() throws {
        let spread = try #require(Spread([3, 900, 1, 2, 4]))
        #expect(spread.median == 3)
        #expect(spread.min == 1)
        #expect(spread.max == 900)
        #expect(spread.cells(1) == ["3.0", "1.0", "900.0"])
    }

    @Test func `of an even count the middle is between the two`() {
        #expect(Spread([4, 1, 2, 3])?.median == 2.5)
    }
}
