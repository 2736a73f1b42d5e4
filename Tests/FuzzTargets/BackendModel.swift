import WeaverCore

/// One connection to a backend: what was written to it, and what was meant.
struct BackendModel {
    /// A byte of a response has come.
    var hasResponseBytes = false
    /// The backend has closed its side.
    var hasEnded = false
    /// We have closed ours.
    var isWritingEnded = false
    private(set) var hasHead = false
    private var sent: [UInt8] = []
    private var body: [UInt8] = []
    private var tunnel: [UInt8] = []
    private var framing = BodyFraming.none
    private var method = HTTPMethod.get

    mutating func began(_ head: [UInt8], _ traits: RequestTraits) {
        precondition(!hasHead, "two heads for one request")
        hasHead = true
        framing = traits.framing
        method = traits.method
        sent += head
    }

    mutating func received(_ bytes: RawSpan, isChunked: Bool) {
        precondition(hasHead, "a body in front of its head")
        body += [UInt8](copying: bytes)
        var output = OutputBuffer()
        isChunked ? output.appendChunk(bytes) : output.append(bytes)
        sent += output.copyBytes()
    }

    mutating func ended(_ trailers: TrailerSection?) {
        var output = OutputBuffer()
        output.appendLastChunk(trailers)
        sent += output.copyBytes()
    }

    mutating func tunnelReceived(_ bytes: RawSpan) {
        precondition(hasHead, "a tunnel without a request")
        tunnel += [UInt8](copying: bytes)
    }

    /// A reader who does not check finds the same framing, and the same end of the head.
    private func checkCarelessly(_ bytes: [UInt8], _ byteCount: Int) {
        let careless = CarelessHead(bytes[...], mapsUnderscores: true)
        precondition(careless.byteCount == byteCount && careless.hosts == 1, "a careless reader finds another head")
        switch framing {
        case .none: precondition(careless.codings.isEmpty && careless.lengths.allSatisfy { $0 == "0" }, "a body")
        case .length(let length):
            precondition(careless.codings.isEmpty && careless.lengths == ["\(length)"], "another length")
        case .chunked: precondition(careless.lengths.isEmpty && careless.codings == ["chunked"], "another coding")
        case .untilClose: preconditionFailure("a request without an end")
        }
    }

    /// What was written reads back, by a parser that knows nothing of it, as one request with the same framing and the
    /// same body, and as nothing else.
    func checkRequest() {
        let bytes = sent
        let span = unsafe bytes.span.bytes
        // The fields that were added may take it past the limit that the request itself kept.
        var limits = HTTPLimits()
        limits.headBytes *= 2
        limits.fieldCount *= 2
        limits.requestLineBytes *= 2
        do throws(HTTPFault) {
            var parser = RequestHeadParser(limits: limits)
            guard let head = try parser.parse(span) else { preconditionFailure("the backend got no whole head") }
            precondition(head.framing == framing, "the backend reads another framing")
            precondition(head.method == method, "the backend reads another method")
            precondition(head.minorVersion == 1, "the backend reads another version")
            checkCarelessly(bytes, head.byteCount)
            var decoder = BodyDecoder(head.framing, limits: limits)
            var offset = head.byteCount
            var content: [UInt8] = []
            loop: while true {
                switch try decoder.next(span, at: &offset) {
                case .data(let range): content += bytes[range]
                case .needMore: preconditionFailure("the backend waits for a body that is complete")
                case .end: break loop
                }
            }
            precondition(content == body, "the backend reads another body")
            precondition(offset == bytes.count, "the backend reads something behind the request")
        } catch {
            preconditionFailure("what was passed on is no request: \(error)")
        }
    }
}
