import Testing
import WeaverCore

@Suite struct PercentTests {
    @Test func `parts of a whole are rounded to a tenth, and what is no number is nothing`() {
        let words = [0, 1, 0.125, 0.12349, 0.0004, -0.0125, 1.5, .nan, .infinity, 1e300].map { "\(Percent($0))" }
        #expect(
            words == ["0.0 %", "100.0 %", "12.5 %", "12.3 %", "0.0 %", "-1.3 %", "150.0 %", "0.0 %", "0.0 %", "0.0 %"])
    }
}
