public import CPeer

/// Calls made one after the other, as one task of an application makes them: one of the `inFlight` of a run.
public struct Lane {
    /// Counts from a number of its own, so that not all lanes time the same call.
    @usableFromInline var number: UInt64
    /// Whether calls of all lanes end on one thread, which makes counting a plain addition.
    @usableFromInline let countsOnOneThread: Bool

    /// The lane of that number, from 0.
    public init(_ number: Int, countsOnOneThread: Bool) {
        self.number = UInt64(number)
        self.countsOnOneThread = countsOnOneThread
    }

    /// Calls until the stopwatch ends the process. The first answer has to be what was sent; of the
    /// others only whether there is one is looked at, because to compare them is no part of a call. Inlined, because a
    /// closure between the loop and the call would be one more async function to return from, which an application's loop
    /// does not have.
    @inlinable
    @inline(__always)
    public mutating func call<Payload: Equatable & Collection>(
        _ payload: Payload, _ echo: (Payload) async throws -> Payload
    ) async throws {
        guard try await echo(payload) == payload else { peer_fail("the answer is another") }
        while true {
            number &+= 1
            let start = peer_times(number) != 0 ? peer_now() : 0
            guard try await echo(payload).isEmpty == payload.isEmpty else { peer_fail("the answer is empty") }
            if start > 0 { peer_took(peer_now() - start) }
            if countsOnOneThread { peer_count(1) } else { peer_count_shared(1) }
        }
    }
}
