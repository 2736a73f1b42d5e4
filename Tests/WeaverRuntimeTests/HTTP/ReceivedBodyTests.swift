import Testing

@testable import WeaverRuntime

struct ReceivedBodyTests {
    private func append(_ body: inout ReceivedBody, _ count: Int, _ byte: UInt8 = 1) -> Bool {
        unsafe [UInt8](repeating: byte, count: count).withUnsafeBytes { unsafe body.append($0) }
    }

    @Test func whoeverTakesTheLastSliceLetsTheClientGoOn() {
        var body = ReceivedBody()
        let slice = ReceivedBody.joinedBytes
        var slices = 0
        repeat { slices += 1 } while append(&body, slice)
        #expect(body.byteCount >= ReceivedBody.highWaterMark)
        #expect(body.byteCount - slice - ReceivedBody.sliceOverhead < ReceivedBody.highWaterMark)
        var resumed: [Int] = []
        for taken in 0..<slices {
            guard case .slice(let bytes, let resumesClient) = body.take() else { break }
            #expect(bytes.count == slice)
            if resumesClient { resumed.append(taken) }
            #expect(resumed.isEmpty == (body.byteCount > ReceivedBody.lowWaterMark))
        }
        #expect(resumed.count == 1)
        #expect(body.take() == .nothing)
        body.hasEnded = true
        #expect(body.take() == .end)
    }

    @Test func tinyChunksAreJoinedAndWhatTheyCostCounts() {
        var body = ReceivedBody()
        var chunks = 0
        repeat { chunks += 1 } while append(&body, 1, UInt8(truncatingIfNeeded: chunks))
        var (slices, bytes) = (0, 0)
        while case .slice(let slice, _) = body.take() {
            for (index, byte) in slice.enumerated() where byte != UInt8(truncatingIfNeeded: bytes + index + 1) {
                Issue.record("out of order")
                return
            }
            slices += 1
            bytes += slice.count
        }
        #expect(bytes == chunks)
        #expect(slices == (chunks + ReceivedBody.joinedBytes - 1) / ReceivedBody.joinedBytes)
        #expect(body.byteCount == 0)
    }

    @Test func sliceThatDoesNotFitIsNotJoined() {
        var body = ReceivedBody()
        _ = append(&body, ReceivedBody.joinedBytes - 1)
        _ = append(&body, 1)
        _ = append(&body, 1, 2)
        #expect(body.byteCount == ReceivedBody.joinedBytes + 1 + 2 * ReceivedBody.sliceOverhead)
        _ = body.take()
        #expect(body.take() == .slice([2], resumesClient: false))
    }

    @Test func whatIsTakenIsForgottenThoughTheBodyIsNeverEmpty() {
        var body = ReceivedBody()
        for round in 0..<1000 {
            _ = append(&body, ReceivedBody.joinedBytes, UInt8(truncatingIfNeeded: round))
            guard round > 0 else { continue }
            let expected = [UInt8](repeating: UInt8(truncatingIfNeeded: round - 1), count: ReceivedBody.joinedBytes)
            #expect(body.take() == .slice(expected, resumesClient: false))
        }
        #expect(body.byteCount == ReceivedBody.joinedBytes + ReceivedBody.sliceOverhead)
    }
}
