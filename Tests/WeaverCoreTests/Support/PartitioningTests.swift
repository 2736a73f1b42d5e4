import Testing
import WeaverCore

@Suite struct PartitioningTests {
    @Test func theBorderIsFoundWhereverItIs() {
        for count in 0..<20 {
            let numbers = Array(0..<count)
            for border in 0...count { #expect(numbers.partitioningIndex { $0 >= border } == border) }
        }
    }

    @Test func aPartOfAnArrayKeepsItsIndexes() {
        let part = [1, 1, 1, 2, 3][2...]
        #expect(part.partitioningIndex { $0 > 1 } == 3)
        #expect(part.partitioningIndex { $0 > 3 } == 5)
        #expect(part.partitioningIndex { $0 > 0 } == 2)
    }
}
