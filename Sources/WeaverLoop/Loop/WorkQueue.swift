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
///
/// The ring is raw memory, so that taking an element out moves it: no reference is counted on the way through.
@safe
struct WorkQueue: ~Copyable {
    private static let initialCapacity = 64

    private var ring: UnsafeMutablePointer<Work>
    /// A power of two, for the masks below.
    private var capacity = WorkQueue.initialCapacity
    private var head = 0
    private var count = 0

    init() {
        unsafe ring = .allocate(capacity: WorkQueue.initialCapacity)
    }

    deinit {
        for offset in 0..<count { unsafe (ring + ((head &+ offset) & (capacity &- 1))).deinitialize(count: 1) }
        unsafe ring.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    mutating func push(_ work: consuming Work) {
        if count == capacity { grow() }
        unsafe (ring + ((head &+ count) & (capacity &- 1))).initialize(to: work)
        count &+= 1
    }

    mutating func pop() -> Work? {
        guard count > 0 else { return nil }
        let work = unsafe (ring + head).move()
        head = (head &+ 1) & (capacity &- 1)
        count &-= 1
        return work
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Work>.allocate(capacity: capacity * 2)
        let untilEnd = capacity - head
        unsafe larger.moveInitialize(from: ring + head, count: untilEnd)
        unsafe (larger + untilEnd).moveInitialize(from: ring, count: head)
        unsafe ring.deallocate()
        unsafe ring = larger
        capacity *= 2
        head = 0
    }
}
