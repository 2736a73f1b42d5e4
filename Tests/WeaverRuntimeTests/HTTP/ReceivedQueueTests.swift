import Testing

@testable import WeaverRuntime

struct ReceivedQueueTests {
    private func append(_ body: inout ReceivedBytes, _ count: Int, _ byte: UInt8 = 1) -> Bool {
        unsafe [UInt8](repeating: byte, count: count).withUnsafeBytes { unsafe body.append($0) }
    }

    @Test func whoeverTakesTheLastSliceLetsTheClientGoOn() {
        var body = ReceivedBytes()
        let slice = ReceivedBytes.joinedBytes
        var slices = 0
        repeat { slices += 1 } while append(&body, slice)
        #expect(body.byteCount >= ReceivedBytes.highWaterMark)
        #expect(body.byteCount - slice - ReceivedBytes.elementOverhead < ReceivedBytes.highWaterMark)
        var resumed: [Int] = []
        for taken in 0..<slices {
            guard case .element(let bytes, let resumesClient) = body.take() else { break }
            #expect(bytes.count == slice)
            if resumesClient { resumed.append(taken) }
            #expect(resumed.isEmpty == (body.byteCount > ReceivedBytes.lowWaterMark))
        }
        #expect(resumed.count == 1)
        #expect(body.take() == .nothing)
        body.hasEnded = true
        #expect(body.take() == .end)
    }

    @Test func tinyChunksAreJoinedAndWhatTheyCostCounts() {
        var body = ReceivedBytes()
        var chunks = 0
        repeat { chunks += 1 } while append(&body, 1, UInt8(truncatingIfNeeded: chunks))
        var (slices, bytes) = (0, 0)
        while case .element(let slice, _) = body.take() {
            for (index, byte) in slice.enumerated() where byte != UInt8(truncatingIfNeeded: bytes + index + 1) {
                Issue.record("out of order")
                return
            }
            slices += 1
            bytes += slice.count
        }
        #expect(bytes == chunks)
        #expect(slices == (chunks + ReceivedBytes.joinedBytes - 1) / ReceivedBytes.joinedBytes)
        #expect(body.byteCount == 0)
    }

    @Test func sliceThatDoesNotFitIsNotJoined() {
        var body = ReceivedBytes()
        _ = append(&body, ReceivedBytes.joinedBytes - 1)
        _ = append(&body, 1)
        _ = append(&body, 1, 2)
        #expect(body.byteCount == ReceivedBytes.joinedBytes + 1 + 2 * ReceivedBytes.elementOverhead)
        _ = body.take()
        #expect(body.take() == .element([2], resumesClient: false))
    }

    @Test func whatIsTakenIsForgottenThoughTheBodyIsNeverEmpty() {
        var body = ReceivedBytes()
        for round in 0..<1000 {
            _ = append(&body, ReceivedBytes.joinedBytes, UInt8(truncatingIfNeeded: round))
            guard round > 0 else { continue }
            let expected = [UInt8](repeating: UInt8(truncatingIfNeeded: round - 1), count: ReceivedBytes.joinedBytes)
            #expect(body.take() == .element(expected, resumesClient: false))
        }
        #expect(body.byteCount == ReceivedBytes.joinedBytes + ReceivedBytes.elementOverhead)
    }
}
