/// Text on its way to a reader that may be slow: bounded in bytes. What finds no room is lost, and where it was the
/// reader finds a line that says how much.
package struct LineQueue: Sendable {
    /// How many bytes wait at most. 4 MiB by default.
    package static let defaultCapacity = 4 << 20

    private let capacity: Int
    private let notice: @Sendable (Int) -> String
    private var pieces: [String] = []
    private var lost = 0
    /// Bytes that wait.
    package private(set) var byteCount = 0

    /// An empty queue for at most `capacity` bytes; `notice` is the line that tells how many were lost.
    package init(
        capacity: Int = LineQueue.defaultCapacity, notice: @escaping @Sendable (Int) -> String = LineQueue.notice
    ) {
        self.capacity = capacity
        self.notice = notice
    }

    /// The line for people.
    package static let notice: @Sendable (Int) -> String = {
        "weaver: \($0) lines lost: the logs come faster than they are read\n"
    }

    /// Whether there is nothing to tell the reader.
    package var isEmpty: Bool { pieces.isEmpty && lost == 0 }

    /// Takes a line, which `text` makes with its newline when there is room at all, or counts it as lost. True when it is
    /// the first that waits.
    package mutating func append(_ text: () -> String) -> Bool {
        let wasEmpty = isEmpty
        guard byteCount < capacity else {
            lost += 1
            return wasEmpty
        }
        let line = text()
        let notice = lostNotice
        guard byteCount + notice.utf8.count + line.utf8.count <= capacity else {
            lost += 1
            return wasEmpty
        }
        lost = 0
        for piece in [notice, line] where !piece.isEmpty {
            pieces.append(piece)
            byteCount += piece.utf8.count
        }
        return wasEmpty
    }

    /// Gives everything that waits, in order.
    package mutating func take() -> String {
        let text = pieces.joined() + lostNotice
        pieces.removeAll(keepingCapacity: true)
        byteCount = 0
        lost = 0
        return text
    }

    private var lostNotice: String {
        lost == 0 ? "" : notice(lost)
    }
}
