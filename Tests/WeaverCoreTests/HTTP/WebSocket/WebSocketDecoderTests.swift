import TestSupport
import Testing

@testable import WeaverCore

struct WebSocketDecoderTests {
    private struct Outcome: Equatable {
        var steps: [WebSocketDecoder.Step] = []
        var fault: WebSocketFault?
    }

    /// Decodes `bytes` in pieces that end at `cuts`.
    private func decode(_ bytes: [UInt8], cuts: [Int], limit: Int) -> Outcome {
        var decoder = WebSocketDecoder(messageLimit: limit)
        var outcome = Outcome()
        var start = 0
        for end in cuts + [bytes.count] {
            let part = Array(bytes[start..<end])
            start = end
            var offset = 0
            do throws(WebSocketFault) {
                while case let step = try unsafe decoder.next(part.span.bytes, at: &offset), step != .needMore {
                    outcome.steps.append(step)
                }
            } catch {
                outcome.fault = error
                return outcome
            }
            #expect(offset == part.count, "what is not used is lost")
            let kept = decoder.bufferedBytes
            #expect(kept <= limit + WebSocketFrame.controlPayloadBytes)
        }
        return outcome
    }

    private func expectEverywhere(
        _ bytes: [UInt8], _ steps: [WebSocketDecoder.Step], _ fault: WebSocketFault? = nil, limit: Int = 1 << 20
    ) {
        let expected = Outcome(steps: steps, fault: fault)
        #expect(decode(bytes, cuts: [], limit: limit) == expected)
        #expect(decode(bytes, cuts: Array(0...bytes.count), limit: limit) == expected, "byte by byte")
        guard bytes.count < 1000 else { return }
        for cut in 0...bytes.count {
            #expect(decode(bytes, cuts: [cut], limit: limit) == expected, "cut at \(cut)")
        }
    }

    @Test func `the published example of a masked message is read`() {
        let hello: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        expectEverywhere(hello, [.message(.text("Hello"))])
        #expect(ClientFrame.text("Hello") == hello)
    }

    @Test func `parts are joined, and control frames pass between them`() {
        expectEverywhere(
            ClientFrame.bytes(1, Array("Hé".utf8.dropLast()), isFinal: false) + ClientFrame.bytes(9, [1, 2])
                + ClientFrame.bytes(0, [0xa9], isFinal: false, mask: [1, 2, 3, 4]) + ClientFrame.bytes(10)
                + ClientFrame.bytes(0, [], isFinal: false) + ClientFrame.bytes(0, Array("!".utf8))
                + ClientFrame.bytes(2, []) + ClientFrame.bytes(2, [7]) + ClientFrame.close(1000, "bye"),
            [
                .ping([1, 2]), .pong([]), .message(.text("Hé!")), .message(.binary([])), .message(.binary([7])),
                .close(WebSocketClose(code: .normal, reason: "bye")),
            ])
    }

    @Test(arguments: [0, 1, 7, 8, 9, 124, 125, 126, 127, 65535, 65536, 65537])
    func `messages of every kind of length come out as they went in`(_ count: Int) {
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) }
        expectEverywhere(ClientFrame.bytes(2, content), [.message(.binary(content))])
    }

    @Test func `the mask goes on where a read ended`() {
        // Far longer than a word, cut everywhere.
        let content = (0..<61).map { UInt8($0) }
        for mask in [[1, 2, 3, 4], [0, 0, 0, 0], [0xff, 0, 0xff, 0]] as [[UInt8]] {
            expectEverywhere(ClientFrame.bytes(2, content, mask: mask), [.message(.binary(content))])
        }
    }

    @Test func `a message of the limit's size is taken and a larger one refused before it is kept`() {
        expectEverywhere(ClientFrame.bytes(2, [1, 2, 3]), [.message(.binary([1, 2, 3]))], limit: 3)
        expectEverywhere(ClientFrame.bytes(2, [1, 2, 3, 4]), [], .messageTooBig, limit: 3)
        // Its length is enough.
        expectEverywhere([0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [], .messageTooBig)
        expectEverywhere(
            ClientFrame.bytes(2, [1, 2], isFinal: false) + ClientFrame.bytes(0, [3]), [.message(.binary([1, 2, 3]))],
            limit: 3)
        expectEverywhere(
            ClientFrame.bytes(2, [1, 2], isFinal: false) + ClientFrame.bytes(0, [3, 4]), [], .messageTooBig, limit: 3)
        // Control frames have a limit of their own, and each message the whole of it.
        expectEverywhere(
            ClientFrame.bytes(2, [1]) + ClientFrame.bytes(9, [1, 2]) + ClientFrame.bytes(2, [2]),
            [.message(.binary([1])), .ping([1, 2]), .message(.binary([2]))], limit: 1)
        expectEverywhere(ClientFrame.bytes(2, []), [.message(.binary([]))], limit: 0)
    }

    @Test func `what breaks a rule is refused by its name`() {
        for bits in [0x40, 0x20, 0x10] as [UInt8] { expectEverywhere([0x81 | bits, 0x80], [], .reservedBits) }
        for opcode in [3, 7, 11, 15] as [UInt8] { expectEverywhere([0x80 | opcode, 0x80], [], .unknownOpcode) }
        for opcode in [8, 9, 10] as [UInt8] {
            expectEverywhere(ClientFrame.bytes(opcode, [], isFinal: false), [], .fragmentedControl)
            expectEverywhere([0x80 | opcode, 0x80 | 126], [], .longControl)
        }
        let longest = [UInt8](repeating: 1, count: WebSocketFrame.controlPayloadBytes)
        expectEverywhere(ClientFrame.bytes(9, longest), [.ping(longest)])
        expectEverywhere(ClientFrame.bytes(0, [1]), [], .strayContinuation)
        expectEverywhere(
            ClientFrame.bytes(1, []) + ClientFrame.bytes(0, [1]), [.message(.text(""))], .strayContinuation)
        expectEverywhere(
            ClientFrame.bytes(1, [], isFinal: false) + ClientFrame.bytes(2, []), [], .interruptedMessage)
        expectEverywhere([0x81, 0x05], [], .unmasked)
    }

    @Test func `a length has one form`() {
        for (count, size) in [(0, 2), (125, 2), (125, 8), (126, 8), (65535, 8)] {
            let frame = ClientFrame.bytes(2, [UInt8](repeating: 1, count: count), lengthBytes: size)
            expectEverywhere(Array(frame.prefix(20)), [], .wastefulLength)
        }
        expectEverywhere([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], [], .wastefulLength)
    }

    @Test(
        arguments: [
            [0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0x61, 0x80],
        ] as [[UInt8]])
    func `text that is no UTF-8 is refused, as a message and as a reason`(_ bytes: [UInt8]) {
        expectEverywhere(ClientFrame.bytes(1, bytes), [], .invalidText)
        expectEverywhere(ClientFrame.bytes(8, [0x03, 0xe8] + bytes), [], .invalidText)
        expectEverywhere(ClientFrame.bytes(2, bytes), [.message(.binary(bytes))])
    }

    @Test func `close frames have a code that may be sent, or nothing`() {
        expectEverywhere(ClientFrame.bytes(8), [.close(WebSocketClose(code: nil, reason: ""))])
        expectEverywhere(ClientFrame.bytes(8, [3]), [], .malformedClose)
        for code in [1000, 1003, 1007, 1014, 3000, 4999] as [UInt16] {
            let close = WebSocketClose(code: WebSocketCloseCode(rawValue: code), reason: "")
            expectEverywhere(ClientFrame.close(code), [.close(close)])
        }
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535] as [UInt16] {
            expectEverywhere(ClientFrame.close(code), [], .malformedClose)
        }
    }

    @Test func `a reason that does not fit is cut between characters`() throws {
        let room = WebSocketFrame.controlPayloadBytes - 2
        for (reason, kept) in [
            (String(repeating: "x", count: room + 1), room), (String(repeating: "é", count: room), room - 1),
        ] {
            let payload = WebSocketClose(code: .normal, reason: reason).payload
            #expect(payload.count == kept + 2)
            #expect(
                try WebSocketClose(payload: payload).reason == String(decoding: reason.utf8.prefix(kept), as: UTF8.self)
            )
        }
        #expect(WebSocketClose(code: nil, reason: "").payload == [])
    }
}
