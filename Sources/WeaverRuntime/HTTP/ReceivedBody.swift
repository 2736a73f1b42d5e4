/// What has arrived of a request's body and waits for the handler, and whether its client is held back.
///
/// One function takes from it, whether the handler finds something at once or had to wait: both have to let the client
/// go on.
struct ReceivedBody {
    /// Bytes that wait at which the client is held back, and at which it goes on.
    static let highWaterMark = 256 * 1024
    static let lowWaterMark = 64 * 1024
    /// Up to this many bytes what arrives is joined to what arrived before: a body of tiny chunks costs no slice for each.
    static let joinedBytes = 16 * 1024
    /// What a slice costs beside its content, which counts as well.
    static let sliceOverhead = 64

    /// What `take` found.
    enum Taken: Equatable {
        /// Some bytes; `resumesClient` when it has been held back and goes on from here.
        case slice([UInt8], resumesClient: Bool)
        /// The body is over.
        case end
        /// More will come.
        case nothing
    }

    private var slices: [[UInt8]] = []
    /// Those before it have been taken.
    private var first = 0
    private var isHeld = false
    /// The body is complete.
    var hasEnded = false
    /// Bytes of memory that wait.
    private(set) var byteCount = 0

    /// Adds `bytes`; false when the client is to be held back.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if first < slices.count, slices[slices.count - 1].count + bytes.count <= Self.joinedBytes {
            unsafe slices[slices.count - 1].append(contentsOf: bytes)
            byteCount += bytes.count
        } else {
            unsafe slices.append([UInt8](bytes))
            byteCount += bytes.count + Self.sliceOverhead
        }
        if byteCount >= Self.highWaterMark { isHeld = true }
        return !isHeld
    }

    /// The next slice, if there is one.
    mutating func take() -> Taken {
        guard first < slices.count else { return hasEnded ? .end : .nothing }
        let slice = slices[first]
        slices[first] = []
        first += 1
        byteCount -= slice.count + Self.sliceOverhead
        // Each slice is moved at most once on average.
        if first * 2 >= slices.count {
            slices.removeFirst(first)
            first = 0
        }
        let resumes = isHeld && byteCount <= Self.lowWaterMark
        if resumes { isHeld = false }
        return .slice(slice, resumesClient: resumes)
    }
}
