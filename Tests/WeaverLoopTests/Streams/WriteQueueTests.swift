import CUV
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct WriteQueueTests {
    /// Sends everything, at most `step` bytes a write, and gives the bytes in the order in which they went.
    private func drain(_ queue: inout WriteQueue, step: Int) -> [UInt8] {
        let vector = UnsafeMutablePointer<uv_buf_t>.allocate(capacity: WriteQueue.piecesPerWrite)
        defer { unsafe vector.deallocate() }
        var out: [UInt8] = []
        while !queue.isEmpty {
            let (pieces, bytes) = unsafe queue.fill(vector)
            var laid: [UInt8] = []
            for index in 0..<pieces {
                let entry = unsafe vector[index]
                unsafe laid += UnsafeRawBufferPointer(start: entry.base, count: entry.len)
            }
            #expect(laid.count == bytes)
            let taken = min(step, bytes)
            out += laid.prefix(taken)
            queue.sent(taken)
        }
        return out
    }

    @Test(arguments: 1...14) func `writes cut at any point keep every byte in order`(step: Int) {
        var queue = WriteQueue()
        queue.tail.append([1, 2, 3])
        queue.append(WritePiece([4, 5, 6, 7]))
        queue.append(WritePiece([]))
        queue.append(WritePiece([8]))
        queue.tail.append([9, 10, 11, 12, 13])
        #expect(queue.byteCount == 13)
        #expect(drain(&queue, step: step) == Array(1...13))
        #expect(queue.isEmpty && queue.byteCount == 0)
    }

    @Test func `appending between partial writes keeps the order`() {
        var queue = WriteQueue()
        queue.tail.append([1, 2, 3])
        queue.sent(1)
        queue.tail.append([4, 5])
        queue.sent(1)
        queue.append(WritePiece([6]))
        #expect(queue.byteCount == 4)
        #expect(drain(&queue, step: 100) == [3, 4, 5, 6])
    }

    @Test func `one write takes at most its number of pieces, and thousands of pieces get out`() {
        var queue = WriteQueue()
        let pieces = WriteQueue.piecesPerWrite * 50 + 1
        for index in 0..<pieces { queue.append(WritePiece([UInt8(truncatingIfNeeded: index)])) }
        queue.tail.append([255])
        let expected = (0..<pieces).map { UInt8(truncatingIfNeeded: $0) } + [255]
        #expect(drain(&queue, step: 1000) == expected)
    }

    @Test func `the tail shares a write with pieces only when there is room for it`() {
        let vector = UnsafeMutablePointer<uv_buf_t>.allocate(capacity: WriteQueue.piecesPerWrite)
        defer { unsafe vector.deallocate() }
        for (pieces, expected) in [(0, 1), (63, 64), (64, 64), (65, 64)] {
            var queue = WriteQueue()
            for _ in 0..<pieces { queue.append(WritePiece([0])) }
            queue.tail.append([1])
            #expect(unsafe queue.fill(vector).pieces == expected)
        }
    }

    @Test func `memory of an exceptionally large tick is given back`() {
        var queue = WriteQueue()
        queue.tail.append([UInt8](repeating: 7, count: WriteQueue.retainedTail + 1))
        queue.sent(WriteQueue.retainedTail + 1)
        #expect(queue.tail.allocatedCapacity == 0)
        queue.tail.append([1])
        queue.sent(1)
        #expect(queue.tail.allocatedCapacity > 0)
    }

    @Test func `what waits takes about the memory that it has bytes`() {
        var queue = WriteQueue()
        var memory = 0
        for _ in 0..<1000 {
            queue.tail.append([UInt8](repeating: 7, count: 1000))
            let capacity = queue.tail.allocatedCapacity
            queue.sealFullTail()
            if queue.tail.isEmpty { memory += capacity }
        }
        memory += queue.tail.allocatedCapacity
        let count = queue.byteCount
        #expect(count == 1_000_000)
        #expect(memory <= 2 * count)
        queue.sent(count)
        let isEmpty = queue.isEmpty
        #expect(isEmpty)
    }

    @Test func `memory of a connection on which nothing happens is given back, and what waits is not lost`() {
        var queue = WriteQueue()
        let large = WriteQueue.idleTail + 1
        queue.tail.append([UInt8](repeating: 7, count: large))
        queue.releaseIdleMemory()
        #expect(queue.tail.count == large)
        queue.sent(large)
        #expect(queue.tail.allocatedCapacity >= large)
        queue.releaseIdleMemory()
        #expect(queue.tail.allocatedCapacity == 0)
        queue.tail.append([1])
        queue.sent(1)
        queue.releaseIdleMemory()
        #expect(queue.tail.allocatedCapacity > 0)
    }
}
