import Testing

@testable import WeaverCore

@Suite struct AssignmentTests {
    @Test(arguments: 1...17)
    func `n replicas get equal shares whatever n is`(count: Int) throws {
        let ids = (0..<count).map { "r\($0)" }
        let assignment = Assignment.equalSlices(version: 3, replicas: ids)
        #expect(assignment.version == 3)
        #expect(assignment.slices.flatMap(\.replicas) == ids)
        let starts = assignment.slices.map { UInt128($0.start) } + [UInt128(1) << 64]
        let widths = zip(starts, starts.dropFirst()).map { $1 - $0 }
        let (smallest, largest) = (try #require(widths.min()), try #require(widths.max()))
        #expect(starts.first == 0)
        #expect(largest - smallest <= 1)
        #expect(widths.reduce(0, +) == UInt128(1) << 64)
    }

    @Test func `every key has an owner, at the edges of the slices too`() throws {
        let assignment = Assignment.equalSlices(version: 1, replicas: ["a", "b", "c"])
        #expect(assignment.slice(for: 0)?.replicas == ["a"])
        #expect(assignment.slice(for: .max)?.replicas == ["c"])
        for (index, slice) in assignment.slices.enumerated() {
            #expect(assignment.slice(for: slice.start) == slice)
            #expect(assignment.slice(for: slice.start + 1) == slice)
            if index > 0 { #expect(assignment.slice(for: slice.start - 1) == assignment.slices[index - 1]) }
        }
    }

    @Test func `without replicas there are no slices and no owner`() {
        let none = Assignment.equalSlices(version: 1, replicas: [])
        #expect(none.slices.isEmpty)
        #expect(none.slice(for: 0) == nil)
        #expect(none.slice(for: .max) == nil)
        #expect(Assignment(version: 1, slices: []) == none)
    }

    @Test func `slices that leave keys out or are not in order are refused`() {
        func assignment(_ starts: UInt64...) -> Assignment? {
            Assignment(version: 1, slices: starts.map { KeySlice(start: $0, replicas: ["r"]) })
        }
        #expect(assignment(1) == nil)
        #expect(assignment(0, 5, 5) == nil)
        #expect(assignment(0, 5, 4) == nil)
        #expect(assignment(5, 0) == nil)
        #expect(assignment(0) != nil)
        #expect(assignment(0, 1, .max)?.slice(for: .max)?.start == .max)
    }
}
