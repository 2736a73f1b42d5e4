/// What has arrived from a client and waits for the handler, and whether the client is held back.
///
/// One function takes from it, whether the handler finds something at once or had to wait: both have to let the client
/// go on.
struct ReceivedQueue<Element: ReceivedElement> {
    /// Bytes that wait at which the client is held back, and at which it goes on.
    static var highWaterMark: Int { 256 * 1024 }
    static var lowWaterMark: Int { 64 * 1024 }
    /// What an element costs beside its content, which counts as well.
    static var elementOverhead: Int { 64 }

    /// What `take` found.
    enum Taken {
        /// The next element; `resumesClient` when it has been held back and goes on from here.
        case element(Element, resumesClient: Bool)
        /// Nothing more will come.
        case end
        /// More will come.
        case nothing
    }

    private var elements: [Element?] = []
    /// Those before it have been taken.
    private var first = 0
    private var isHeld = false
    /// Nothing more will be appended.
    var hasEnded = false
    /// Bytes of memory that wait.
    private(set) var byteCount = 0

    /// Adds `element`; false when the client is to be held back.
    mutating func append(_ element: Element) -> Bool {
        elements.append(element)
        return added(element.byteCount + Self.elementOverhead)
    }

    private mutating func added(_ bytes: Int) -> Bool {
        byteCount += bytes
        if byteCount >= Self.highWaterMark { isHeld = true }
        return !isHeld
    }

    /// The next element, if there is one.
    mutating func take() -> Taken {
        guard first < elements.count, let element = exchange(&elements[first], with: nil) else {
            return hasEnded ? .end : .nothing
        }
        first += 1
        byteCount -= element.byteCount + Self.elementOverhead
        // Each element is moved at most once on average.
        if first * 2 >= elements.count {
            elements.removeFirst(first)
            first = 0
        }
        let resumes = isHeld && byteCount <= Self.lowWaterMark
        if resumes { isHeld = false }
        return .element(element, resumesClient: resumes)
    }
}

extension ReceivedQueue.Taken: Equatable where Element: Equatable {}

/// What can wait in a queue of what was received.
protocol ReceivedElement: Sendable {
    /// Bytes of its content.
    var byteCount: Int { get }
}

extension [UInt8]: ReceivedElement {
    var byteCount: Int { count }
}

/// The bytes of a request's body, or of a tunnel.
typealias ReceivedBytes = ReceivedQueue<[UInt8]>

extension ReceivedQueue<[UInt8]> {
    /// Up to this many bytes what arrives is joined to what arrived before: a body of tiny chunks costs no slice for each.
    static var joinedBytes: Int { 16 * 1024 }

    /// Adds `bytes`; false when the client is to be held back.
    mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if first < elements.count, let last = elements[elements.count - 1]?.count,
            last + bytes.count <= Self.joinedBytes
        {
            unsafe elements[elements.count - 1]?.append(contentsOf: bytes)
            return added(bytes.count)
        }
        return append(unsafe [UInt8](bytes))
    }
}
