internal import Synchronization

/// What the loop tells its watchdog, by plain atomic stores: whether it is busy, how often it came round, and what
/// runs now.
@safe
package final class StallMonitor: Sendable {
    private let busy = Atomic<Bool>(false)
    private let rounds = Atomic<UInt64>(0)
    // A StallLabel's address: labels live for ever, so it may be followed from the watchdog's thread.
    private let label = Atomic<UInt>(0)

    init() {}

    /// A callback of the loop has begun.
    @inline(__always)
    package func workBegan() {
        busy.store(true, ordering: .relaxed)
    }

    /// The tick is over; the loop goes to wait for input.
    @inline(__always)
    func tickEnded() {
        rounds.store(rounds.load(ordering: .relaxed) &+ 1, ordering: .relaxed)
        busy.store(false, ordering: .relaxed)
    }

    /// Names what runs from here on. The label must live for ever: descriptors of methods do.
    @inline(__always)
    package func enter(_ name: StallLabel?) {
        label.store(
            name.map { unsafe UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque()) } ?? 0, ordering: .releasing)
    }

    /// What is seen from another thread.
    func sample() -> (round: UInt64, isBusy: Bool) {
        (rounds.load(ordering: .relaxed), busy.load(ordering: .relaxed))
    }

    /// The name of what ran last, if something was named.
    var currentName: String? {
        guard let pointer = unsafe UnsafeRawPointer(bitPattern: label.load(ordering: .acquiring)) else { return nil }
        return unsafe Unmanaged<StallLabel>.fromOpaque(pointer).takeUnretainedValue().name
    }
}

/// A name that the watchdog can report. Each name has one, which lives for ever: the watchdog's thread follows its
/// address at any time.
package final class StallLabel: Sendable {
    package let name: String
    private static let all = Mutex<[String: StallLabel]>([:])

    private init(_ name: String) {
        self.name = name
    }

    /// The label of that name.
    package static func named(_ name: String) -> StallLabel {
        all.withLock { all in
            if let label = all[name] { return label }
            let label = StallLabel(name)
            all[name] = label
            return label
        }
    }
}
