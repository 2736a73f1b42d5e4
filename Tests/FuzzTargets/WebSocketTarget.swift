import WeaverCore

/// The longest message that is taken in.
private let messageLimit = 1000

/// Feeds a machine, and closes from our side before the piece `closing`.
private func readFrames(_ pieces: [[UInt8]], closing: Int?) -> [WebSocketMachine.Action] {
    var machine = WebSocketMachine(messageLimit: messageLimit)
    var actions: [WebSocketMachine.Action] = []
    for (index, piece) in pieces.enumerated() {
        if index == closing, let action = machine.close(WebSocketClose(code: .normal, reason: "")) {
            actions.append(action)
        }
        var offset = 0
        while let action = unsafe machine.next(piece.span.bytes, at: &offset) { actions.append(action) }
        precondition(offset == piece.count, "bytes that were neither used nor dropped")
        precondition(
            machine.bufferedBytes <= messageLimit + WebSocketFrame.controlPayloadBytes, "more kept than allowed")
    }
    if let action = machine.clientEnded() { actions.append(action) }
    return actions
}

/// What holds of everything that comes out: it ends once, what is answered may be sent, and messages keep their limit.
private func checkActions(_ actions: [WebSocketMachine.Action]) {
    var hasEnded = false
    var hasClosed = false
    for action in actions {
        precondition(!hasEnded, "something behind the end")
        switch action {
        case .deliver(.text(let text)): precondition(text.utf8.count <= messageLimit, "a text past the limit")
        case .deliver(.binary(let bytes)): precondition(bytes.count <= messageLimit, "a message past the limit")
        case .send(let opcode, let content):
            precondition(!hasClosed && content.count <= WebSocketFrame.controlPayloadBytes, "a frame nobody may send")
            hasClosed = opcode == .close
        case .end(_, let answer):
            hasEnded = true
            guard let answer else { continue }
            precondition(!hasClosed && answer.count <= WebSocketFrame.controlPayloadBytes, "a second close frame")
            precondition((try? WebSocketClose(payload: answer)) != nil, "a close frame that is none")
        }
    }
    precondition(hasEnded, "a connection without an end")
}

func checkWebSocket(_ bytes: [UInt8]) {
    let (mode, stream) = choice(of: bytes)
    let whole = readFrames([stream], closing: mode & 1 == 0 ? nil : 0)
    checkActions(whole)
    let pieces = stream.cut(every: max(1, mode >> 1))
    precondition(
        readFrames(pieces, closing: mode & 1 == 0 || pieces.isEmpty ? nil : 0) == whole || pieces.isEmpty,
        "what is read depends on the reads")
    checkActions(readFrames(stream.cut(every: 1), closing: mode))
}
