import Testing
import WeaverCore

@Suite struct MethodTableTests {
    @Test func keysThatWantTheSamePlaceAreAllFound() {
        let keys = (0..<100).map { MethodKey(rawValue: UInt64($0) << 32) }
        let table = MethodTable(Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) }))
        for (index, key) in keys.enumerated() { #expect(table[key] == index) }
        #expect(table[MethodKey(rawValue: 100 << 32)] == nil)
        #expect(table[MethodKey(rawValue: 1)] == nil)
    }

    @Test func aTableOfNothingFindsNothing() {
        let table = MethodTable<Int>([:])
        #expect(table[MethodKey(rawValue: 0)] == nil)
        #expect(table[MethodKey(rawValue: .max)] == nil)
    }

    @Test func theKeyOfNoBitsIsAKeyLikeOthers() {
        let table = MethodTable([MethodKey(rawValue: 0): 1, MethodKey(rawValue: .max): 2])
        #expect(table[MethodKey(rawValue: 0)] == 1)
        #expect(table[MethodKey(rawValue: .max)] == 2)
    }
}
