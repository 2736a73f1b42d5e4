import WeaverCore

/// The first byte chooses; then come events, each a byte that says what happens and, where bytes are sent, one that says
/// how many follow.
func checkExchange(_ bytes: [UInt8]) {
    let (mode, script) = choice(of: bytes)
    var model = ExchangeModel(reuses: mode & 1 == 1)
    var offset = 0
    while offset < script.count, !model.isClosed {
        let event = script[offset]
        offset += 1
        switch event & 7 {
        case 0, 1, 2, 3:
            // A count of its own for each part; the largest one means all that is left.
            guard offset < script.count else { break }
            let count = script[offset] == 0xFF ? script.count : Int(script[offset])
            let end = min(offset + 1 + count, script.count)
            let part = Array(script[offset + 1..<max(offset + 1, end)])
            offset = max(offset + 1, end)
            event & 1 == 0 ? model.clientSends(part) : model.backendSends(part)
        case 4: model.backendConnects()
        case 5: model.backendEnds()
        case 6: event & 8 == 0 ? model.breakBackend() : model.clientEndsTunnel()
        default: event & 8 == 0 ? model.timeOut() : model.clientLeaves()
        }
    }
    check(model.answers, tunnel: model.tunnelToClient ?? [], in: model.toClient)
}

/// What the client got reads back as one final response for each request, in order, with the bodies that the backends
/// sent; only the last one may be cut.
private func check(_ answers: [ExchangeModel.Answer], tunnel: [UInt8], in bytes: [UInt8]) {
    let span = unsafe bytes.span.bytes
    var offset = 0
    do throws(HTTPFault) {
        for (index, answer) in answers.enumerated() {
            for status in answer.interim {
                let head = try readHead(span, &offset, answer.method)
                precondition(head.status == status && !answer.isOldClient, "another interim response")
            }
            guard let status = answer.status else { break }
            let head = try readHead(span, &offset, answer.method)
            precondition(head.status == status, "another status")
            if answer.isOldClient { precondition(head.framing != .chunked, "a coding for an old client") }
            if status == .switchingProtocols { break }
            var decoder = BodyDecoder(head.framing, limits: HTTPLimits())
            var body: [UInt8] = []
            loop: while true {
                switch try decoder.next(span, at: &offset) {
                case .data(let range): body += bytes[range]
                case .needMore: break loop
                case .end: break loop
                }
            }
            if head.framing == .untilClose, answer.isComplete { try decoder.finishAtClose() }
            precondition(body == answer.body, "another body")
            precondition(decoder.isAtEnd == answer.isComplete, "a cut that does not show, or one that is none")
            if !answer.isComplete { precondition(index == answers.count - 1, "a response behind a cut one") }
        }
    } catch {
        preconditionFailure("what was passed on is no response: \(error)")
    }
    precondition(Array(bytes[offset...]) == tunnel, "bytes behind the responses")
}

private func readHead(_ span: RawSpan, _ offset: inout Int, _ method: HTTPMethod) throws(HTTPFault) -> ResponseHead {
    var limits = HTTPLimits()
    limits.headBytes *= 2
    limits.fieldCount *= 2
    var parser = ResponseHeadParser(limits: limits)
    guard let head = try parser.parse(span.extracting(offset..<span.byteCount), answering: method) else {
        preconditionFailure("a head that is not whole")
    }
    let text = [UInt8](copying: span.extracting(offset..<offset + head.byteCount))
    let careless = CarelessHead(text[...], mapsUnderscores: false)
    precondition(careless.byteCount == head.byteCount, "a careless reader finds another head")
    precondition(careless.lengths.count + careless.codings.count <= 1, "a framing with two readings")
    if head.status.isInformational || head.status == .noContent {
        precondition(careless.lengths.isEmpty && careless.codings.isEmpty, "a framing where there is no body")
    }
    offset += head.byteCount
    return head
}
