import WeaverCore

/// What a parser said of a head that arrived in reads that end at `ends`.
private enum Reading: Equatable {
    case incomplete
    case head(size: Int, framing: BodyFraming, fields: Int)
    case fault(HTTPFault)
}

private func readRequest(_ bytes: [UInt8], ends: [Int]) -> Reading {
    var parser = RequestHeadParser(limits: HTTPLimits())
    do throws(HTTPFault) {
        for end in ends {
            guard let head = try unsafe parser.parse(bytes.span.bytes.extracting(0..<end)) else { continue }
            precondition(head.byteCount <= end, "a head longer than what has arrived")
            return .head(size: head.byteCount, framing: head.framing, fields: head.section.fields.count)
        }
        return .incomplete
    } catch {
        return .fault(error)
    }
}

private func readResponse(_ bytes: [UInt8], ends: [Int], method: HTTPMethod) -> Reading {
    var parser = ResponseHeadParser(limits: HTTPLimits())
    do throws(HTTPFault) {
        for end in ends {
            guard let head = try unsafe parser.parse(bytes.span.bytes.extracting(0..<end), answering: method) else {
                continue
            }
            precondition(head.byteCount <= end, "a head longer than what has arrived")
            return .head(size: head.byteCount, framing: head.framing, fields: head.section.fields.count)
        }
        return .incomplete
    } catch {
        return .fault(error)
    }
}

func checkHeads(_ bytes: [UInt8]) {
    let (mode, head) = choice(of: bytes)
    let cut = mode >> 2
    let ends = cut == 0 ? Array(0...head.count) : Array(stride(from: cut, to: head.count, by: cut)) + [head.count]
    switch mode & 3 {
    case 0, 1: precondition(readRequest(head, ends: ends) == readRequest(head, ends: [head.count]), "two readings")
    case 2: checkResponse(head, ends, .get)
    default: checkResponse(head, ends, .head)
    }
}

private func checkResponse(_ head: [UInt8], _ ends: [Int], _ method: HTTPMethod) {
    let whole = readResponse(head, ends: [head.count], method: method)
    precondition(readResponse(head, ends: ends, method: method) == whole, "two readings")
}

/// What the decoder of the PROXY protocol said, -1 for a fault.
private func readPreface(_ bytes: [UInt8], ends: [Int]) -> (size: Int, source: String?) {
    do throws(ProxyProtocolFault) {
        for end in ends {
            guard let header = try unsafe ProxyProtocolHeader.parse(bytes.span.bytes.extracting(0..<end)) else {
                continue
            }
            precondition(header.byteCount <= end, "a header longer than what has arrived")
            return (header.byteCount, header.source)
        }
        return (0, nil)
    } catch {
        return (-1, nil)
    }
}

func checkPreface(_ bytes: [UInt8]) {
    let whole = readPreface(bytes, ends: [bytes.count])
    precondition(readPreface(bytes, ends: Array(0...bytes.count)) == whole, "two readings")
    guard let source = whole.source else { return }
    var trusted = TrustedProxies()
    precondition(trusted.insert(source) && trusted.contains(source), "an address that is none")
}

/// What a body decoder made of a stream.
private struct Body: Equatable {
    var content: [UInt8] = []
    var used = 0
    var isAtEnd = false
    var fault: HTTPFault?
}

private func decodeBody(_ framing: BodyFraming, _ pieces: [[UInt8]]) -> Body {
    var decoder = BodyDecoder(framing, limits: HTTPLimits())
    var body = Body()
    do throws(HTTPFault) {
        for piece in pieces {
            var offset = 0
            loop: while true {
                switch try unsafe decoder.next(piece.span.bytes, at: &offset) {
                case .data(let range): body.content += piece[range]
                case .needMore: break loop
                case .end:
                    body.isAtEnd = true
                    body.used += offset
                    return body
                }
            }
            precondition(offset == piece.count, "bytes that were neither used nor left behind the end")
            body.used += offset
        }
    } catch {
        body.fault = error
        body.used = 0
    }
    return body
}

func checkBody(_ bytes: [UInt8]) {
    let (mode, stream) = choice(of: bytes)
    let framing: BodyFraming =
        switch mode & 3 {
        case 0, 1: .chunked
        case 2: .length(UInt64(mode))
        default: .untilClose
        }
    let whole = decodeBody(framing, [stream])
    precondition(decodeBody(framing, stream.cut(every: mode >> 2)) == whole, "the body depends on the reads")
    precondition(whole.content.count <= stream.count, "content out of nothing")
}
