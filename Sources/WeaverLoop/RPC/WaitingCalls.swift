internal import WeaverCore

/// Calls whose frames wait for a connection, oldest first, and how many bytes they hold.
///
/// A call that ends meanwhile, by its deadline or its caller, gives its frame back at once.
struct WaitingCalls {
    private var calls: [PendingCall] = []
    /// How many of `calls` wait no more.
    private var gone = 0

    /// Bytes of the frames that wait.
    private(set) var byteCount = 0

    /// Takes in a call, with its frame.
    mutating func append(_ call: PendingCall) {
        call.state = .waiting
        byteCount += call.frame.count
        calls.append(call)
    }

    /// A call of state `waiting` has ended: lets go of its frame.
    mutating func remove(_ call: PendingCall) {
        byteCount -= call.frame.count
        call.frame = OutputBuffer()
        call.state = .new
        gone += 1
        // Each is moved once on average.
        guard gone * 2 > calls.count else { return }
        calls.removeAll { $0.state != .waiting }
        gone = 0
    }

    /// The calls that wait, which are to be sent now.
    mutating func takeAll() -> [PendingCall] {
        defer { self = WaitingCalls() }
        return calls.filter { $0.state == .waiting }
    }
}
