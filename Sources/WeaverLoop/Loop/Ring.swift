/// First in, first out, in a ring that grows and keeps its memory.
///
/// The ring is raw memory, so that taking an element out moves it: no reference is counted on the way through.
@safe
struct Ring<Element>: ~Copyable {
    private static var initialCapacity: Int { 64 }

    private var ring: UnsafeMutablePointer<Element>
    /// A power of two, for the masks below.
    private var capacity = Self.initialCapacity
    private var head = 0
    private(set) var count = 0

    init() {
        unsafe ring = .allocate(capacity: Self.initialCapacity)
    }

    deinit {
        for offset in 0..<count { unsafe (ring + ((head &+ offset) & (capacity &- 1))).deinitialize(count: 1) }
        unsafe ring.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    mutating func push(_ element: consuming Element) {
        if count == capacity { grow() }
        unsafe (ring + ((head &+ count) & (capacity &- 1))).initialize(to: element)
        count &+= 1
    }

    /// Lends the oldest element; nil when there is none.
    @inline(__always)
    func withFirst<R>(_ body: (borrowing Element) -> R) -> R? {
        count > 0 ? unsafe body((ring + head).pointee) : nil
    }

    mutating func pop() -> Element? {
        guard count > 0 else { return nil }
        let element = unsafe (ring + head).move()
        head = (head &+ 1) & (capacity &- 1)
        count &-= 1
        return element
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        let untilEnd = capacity - head
        unsafe larger.moveInitialize(from: ring + head, count: untilEnd)
        unsafe (larger + untilEnd).moveInitialize(from: ring, count: head)
        unsafe ring.deallocate()
        unsafe ring = larger
        capacity *= 2
        head = 0
    }
}
