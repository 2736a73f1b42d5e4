import FoundationEssentials
import Testing
import WeaverRuntime

@Suite("routing keys")
struct RoutingKeyTests {
    private enum Color: RoutingKey, CaseIterable {
        case red, green

        func hash(into hasher: inout RoutingHasher) { hasher.combine(self == .red) }
    }

    @Test("equal values have one place, whatever the width of the integer; other values have others")
    func places() {
        #expect((7 as Int8).routingHash == (7 as UInt64).routingHash)
        #expect((7 as UInt16).routingHash == (7 as Int).routingHash)
        #expect((-1 as Int16).routingHash == (-1 as Int).routingHash)
        #expect((7 as UInt8).routingHash != (8 as UInt8).routingHash)
        #expect(Character("a").routingHash == "a".routingHash)
        #expect(true.routingHash != false.routingHash)
        #expect(Color.red.routingHash != Color.green.routingHash)
        #expect((nil as Int?).routingHash == nil)
        #expect((7 as Int?).routingHash == 7.routingHash)
    }

    @Test("every bit of a UUID counts")
    func uuid() throws {
        let text = "00000000-0000-0000-0000-000000000000"
        let zero = try #require(UUID(uuidString: text))
        var places: Set<UInt64?> = [zero.routingHash]
        for position in 0..<36 where Array(text)[position] == "0" {
            var other = Array(text)
            other[position] = "8"
            places.insert(try #require(UUID(uuidString: String(other))).routingHash)
        }
        #expect(places.count == 33)
        #expect(UUID(uuid: zero.uuid).routingHash == zero.routingHash)
    }
}
