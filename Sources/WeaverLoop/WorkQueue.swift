/// A piece of work for the loop's thread.
///
/// Unchecked: `local` is pushed and popped on the loop's own thread only.
enum Work: @unchecked Sendable {
    case job(UnownedJob)
    case closure(@Sendable () -> Void)
    /// From the loop's own thread: may capture what belongs to it.
    case local(() -> Void)
}

/// First in, first out, in a ring that grows: what the loop runs at the end of a tick.
struct WorkQueue {
    private var ring: [Work?] = Array(repeating: nil, count: 64)
    private var head = 0
    private var count = 0

    var isEmpty: Bool { count == 0 }

    mutating func push(_ work: Work) {
        if count == ring.count { grow() }
        ring[(head &+ count) & (ring.count &- 1)] = work
        count &+= 1
    }

    mutating func pop() -> Work? {
        guard count > 0 else { return nil }
        let work = ring[head]
        ring[head] = nil
        head = (head &+ 1) & (ring.count &- 1)
        count &-= 1
        return work
    }

    private mutating func grow() {
        // The size stays a power of two, for the masks above.
        ring =
            (0..<ring.count).map { ring[(head &+ $0) & (ring.count &- 1)] } + Array(repeating: nil, count: ring.count)
        head = 0
    }
}
