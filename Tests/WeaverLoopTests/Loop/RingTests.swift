import Testing

@testable import WeaverLoop

@Suite struct RingTests {
    @Test func `work keeps its order while the ring wraps and grows`() {
        var queue = Ring<Work>()
        var ran: [Int] = []
        var next = 0
        for round in 0..<20 {
            for _ in 0..<(round * 17) {
                let number = next
                queue.push(.local { ran.append(number) })
                next += 1
            }
            for _ in 0..<(round * 9) { runOne(&queue) }
        }
        while !queue.isEmpty { runOne(&queue) }
        #expect(ran == Array(0..<next))
    }

    @Test func `work that is dropped with its queue frees what it captured`() {
        final class Token {}
        weak var token: Token?
        do {
            var queue = Ring<Work>()
            let strong = Token()
            token = strong
            queue.push(.local { withExtendedLifetime(strong) {} })
        }
        #expect(token == nil)
    }

    private func runOne(_ queue: inout Ring<Work>) {
        if case .local(let body)? = queue.pop() { body() }
    }
}
