import TestSupport
import Testing

@testable import WeaverCore

struct WebSocketMachineTests {
    private typealias Action = WebSocketMachine.Action

    private func actions(_ machine: inout WebSocketMachine, _ bytes: [UInt8]) -> [Action] {
        var actions: [Action] = []
        var offset = 0
        while let action = unsafe machine.next(bytes.span.bytes, at: &offset) { actions.append(action) }
        #expect(offset == bytes.count, "nothing is left")
        return actions
    }

    private let bye = WebSocketClose(code: .normal, reason: "bye")

    @Test func `pings are answered by what they carry, and pongs by nothing`() {
        var machine = WebSocketMachine(messageLimit: 100)
        #expect(
            actions(&machine, ClientFrame.bytes(9, [1, 2]) + ClientFrame.bytes(10, [3]) + ClientFrame.text("a"))
                == [.send(.pong, [1, 2]), .deliver(.text("a"))])
        let isOpen = machine.isOpen
        #expect(isOpen)
    }

    @Test func `frames that lead to nothing are counted as what they cost`() {
        var machine = WebSocketMachine(messageLimit: 100)
        let fragments = [1, 0, 0].flatMap { ClientFrame.bytes($0, isFinal: false) }
        #expect(actions(&machine, fragments + ClientFrame.bytes(10, [3])) == [])
        #expect(actions(&machine, ClientFrame.bytes(9, [1])) == [.send(.pong, [1])])
        #expect(actions(&machine, [0x80]) == [])
        let count = machine.frameCount
        #expect(count == 5)
    }

    @Test func `a client that closes gets its code back, and nothing of it is read afterwards`() {
        var machine = WebSocketMachine(messageLimit: 100)
        let answer: [UInt8] = [0x03, 0xe8]
        #expect(
            actions(&machine, ClientFrame.text("a") + ClientFrame.close(1000, "bye") + ClientFrame.text("b") + [0xff])
                == [.deliver(.text("a")), .end(.closed(bye), answer: answer)])
        #expect(machine.close(bye) == nil && machine.clientEnded() == nil)
        var quiet = WebSocketMachine(messageLimit: 100)
        #expect(
            actions(&quiet, ClientFrame.bytes(8))
                == [.end(.closed(WebSocketClose(code: nil, reason: "")), answer: [])])
    }

    @Test func `behind our close frame messages still come, but no pong goes out, nor a second close`() {
        var machine = WebSocketMachine(messageLimit: 100)
        #expect(machine.close(WebSocketClose(code: .goingAway, reason: "")) == .send(.close, [0x03, 0xe9]))
        #expect(machine.close(bye) == nil)
        #expect(
            actions(&machine, ClientFrame.bytes(9, [1]) + ClientFrame.text("late") + ClientFrame.close(1000, "bye"))
                == [.deliver(.text("late")), .end(.closed(bye), answer: nil)])
    }

    @Test func `what breaks a rule ends the connection with the code that says so`() {
        for (bytes, fault, code) in [
            ([0x81, 0x01], .unmasked, .protocolError), (ClientFrame.bytes(1, [0xff]), .invalidText, .invalidPayload),
            (ClientFrame.bytes(2, [1, 2, 3]), .messageTooBig, .messageTooBig),
        ] as [([UInt8], WebSocketFault, WebSocketCloseCode)] {
            var machine = WebSocketMachine(messageLimit: 2)
            let answer = WebSocketClose(code: code, reason: fault.rawValue).payload
            #expect(actions(&machine, bytes) == [.end(.fault(fault), answer: answer)])
            let isClosed = machine.isClosed
            #expect(isClosed)
            var closing = WebSocketMachine(messageLimit: 2)
            _ = closing.close(bye)
            #expect(actions(&closing, bytes) == [.end(.fault(fault), answer: nil)])
        }
    }

    @Test func `a client that leaves without a word is lost`() {
        var machine = WebSocketMachine(messageLimit: 100)
        _ = actions(&machine, [0x81])
        #expect(machine.clientEnded() == .end(.lost, answer: nil))
        #expect(machine.clientEnded() == nil)
    }

    @Test(arguments: [0, 125, 126, 65535, 65536])
    func `what is sent has the shortest head`(_ count: Int) {
        var output = OutputBuffer()
        output.appendWebSocketHead(.binary, byteCount: count)
        let head: [UInt8] =
            switch count {
            case ...125: [0x82, UInt8(count)]
            case ...65535: [0x82, 126, UInt8(count >> 8), UInt8(count & 0xff)]
            default: [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]
            }
        #expect(output.copyBytes() == head)
    }
}
