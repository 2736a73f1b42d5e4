import WeaverCore

/// What a decoder made of a stream.
private struct Decoded: Equatable {
    var frames: [FrameHeader] = []
    var payloads: [[UInt8]] = []
    var error: FrameError?
}

/// More than the decoder's threshold for reading straight into a payload's storage.
private let frameLimit = 4 * FrameDecoder.directReadThreshold

private func decodeFrames(_ pieces: [[UInt8]], directly: Bool) -> Decoded {
    var decoder = FrameDecoder(maximumLength: frameLimit)
    var decoded = Decoded()
    func take(_ header: FrameHeader, _ payload: RawSpan) -> Bool {
        precondition(header.length == payload.byteCount, "a payload of another length than its header says")
        decoded.frames.append(header)
        decoded.payloads.append(Array(copying: payload))
        return true
    }
    do throws(FrameError) {
        for piece in pieces {
            var offset = 0
            while directly, offset < piece.count, decoder.wantsDirectRead {
                let space = unsafe decoder.directReadSpace()
                let count = min(space.count, piece.count - offset)
                for index in 0..<count { unsafe space[index] = piece[offset + index] }
                offset += count
                decoder.didReadDirectly(count, frame: take)
            }
            let rest = Array(piece[offset...])
            try unsafe decoder.feed(rest.span.bytes, frame: take)
        }
    } catch {
        decoded.error = error
    }
    precondition(decoder.bufferedBytes <= frameLimit + FrameHeader.size, "more kept than one frame")
    return decoded
}

func checkFrames(_ bytes: [UInt8]) {
    let (size, stream) = choice(of: bytes)
    let whole = decodeFrames([stream], directly: false)
    precondition(decodeFrames(stream.cut(every: size), directly: true) == whole, "the frames depend on the reads")
}

func checkRequestHeader(_ bytes: [UInt8]) {
    let header = unsafe WireDecoder.withDecoder(over: bytes.span.bytes) { wire -> RequestHeader? in
        try? RequestHeader(wire: &wire)
    }
    guard let header else { return }
    precondition(header.metadata.count <= RPCLimits.maximumMetadataPairs)
    precondition(header.fields.count <= RPCLimits.maximumFields)
    let arrival = MonotonicTime(nanoseconds: 1)
    let context = header.context(now: arrival)
    var encoder = WireEncoder()
    do throws(WireError) {
        try RequestHeader.encode(key: header.key, context: context, now: arrival, wire: &encoder)
    } catch {
        preconditionFailure("what was decoded cannot be encoded: \(error)")
    }
    let encoded = encoder.takeOutput().copyBytes()
    let again = unsafe WireDecoder.withDecoder(over: encoded.span.bytes) { wire in try? RequestHeader(wire: &wire) }
    precondition(again?.key == header.key && again?.trace == header.trace && again?.metadata == header.metadata)
    precondition(again?.fields == header.fields)
}

func checkHello(_ bytes: [UInt8]) {
    let (mode, stream) = choice(of: bytes)
    guard let secret = DeploymentSecret(bytes: [UInt8](repeating: 7, count: DeploymentSecret.size)) else { return }
    let mine = Hello(secret: secret, version: "v", name: "me", reachable: [])
    let isServer = mode & 1 == 0
    var machine = ConnectionMachine(role: isServer ? .server : .client, hello: mine)
    var decoder = FrameDecoder(maximumLength: RPCLimits.maximumHelloLength)
    var isKnown = false
    func receive(_ header: FrameHeader, _ payload: RawSpan) -> Bool {
        do throws(CallError) {
            switch try machine.receive(header, payload: payload) {
            case .ready(let peer):
                precondition(!isKnown && peer.version == "v", "a peer that is known twice, or of another build")
                isKnown = true
            case .none: break
            case .request, .response, .failure, .cancel, .ping, .goaway:
                precondition(isKnown, "a frame passed before the peer was known")
            }
            return true
        } catch {
            machine.close()
            return false
        }
    }
    // With bit 1 a valid beginning stands in front, so that what lies behind the secret is reached.
    var head: [UInt8] = []
    if mode & 2 != 0 {
        var encoder = WireEncoder()
        do throws(WireError) { try mine.encode(wire: &encoder) } catch { preconditionFailure("\(error)") }
        let hello = encoder.takeOutput().copyBytes()
        let kept = min(hello.count, 4 + DeploymentSecret.size + mode >> 2)
        let payload = hello[..<kept] + stream
        head = header(.hello, length: payload.count) + payload
    } else {
        head = stream
    }
    do throws(FrameError) {
        try unsafe decoder.feed(head.span.bytes, frame: receive)
    } catch {
        machine.close()
    }
    precondition(isKnown == (machine.state != .greeting && machine.state != .closed) || machine.state == .closed)
}

private func header(_ kind: FrameKind, length: Int) -> [UInt8] {
    var output = OutputBuffer()
    output.append(0 as UInt64)
    output.append(UInt64(kind.rawValue) | UInt64(length) << 8)
    return output.copyBytes()
}

func checkPipeFrames(_ bytes: [UInt8]) {
    let (size, stream) = choice(of: bytes)
    func decode(_ pieces: [[UInt8]]) -> ([[UInt8]], PipeFrameError?) {
        var decoder = PipeFrameDecoder(limit: 4096)
        var messages: [[UInt8]] = []
        do throws(PipeFrameError) {
            for piece in pieces {
                try unsafe decoder.feed(piece.span.bytes) { message in
                    messages.append(Array(copying: message))
                    return true
                }
            }
        } catch {
            return (messages, error)
        }
        precondition(decoder.pendingBytes < 4 + 4096, "more kept than one message")
        return (messages, nil)
    }
    let whole = decode([stream])
    precondition(decode(stream.cut(every: size)) == whole, "the messages depend on the reads")
}
