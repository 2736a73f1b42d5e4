internal import WeaverCore
package import WeaverLoop

/// One end of the two pipes between an envelope and a weavelet: frames, request ids and replies.
///
/// Belongs to its loop's thread. The first error (framing, a message that makes no sense, the other end gone) closes
/// both pipes; every request that is open then gets nil for an answer, and `onClose` is called once, last.
package final class PipeConnection<Incoming: PipeCodec, Outgoing: PipeCodec>: ByteStreamDelegate {
    private let reader: ByteStream
    private let writer: ByteStream
    private var decoder = PipeFrameDecoder()
    private var nextID: Int64 = 1
    private var open: [Int64: (Incoming.Message?) -> Void] = [:]
    private var streamsOpen = 2
    private var failure: String?

    /// A request (id > 0, to be answered with ``reply(to:_:)``) or a message that wants no answer (id 0).
    package var onMessage: ((_ id: Int64, Incoming.Message) -> Void)?
    /// The pipes are closed: nil for an orderly end, otherwise why.
    package var onClose: ((_ failure: String?) -> Void)?

    /// Takes over both descriptors, also when it throws.
    package init(loop: EventLoop, readDescriptor: Int32, writeDescriptor: Int32) throws(UVError) {
        do throws(UVError) {
            reader = try ByteStream.adopt(pipe: readDescriptor, loop: loop)
        } catch {
            closeDescriptor(writeDescriptor)
            throw error
        }
        do throws(UVError) {
            writer = try ByteStream.adopt(pipe: writeDescriptor, loop: loop)
        } catch {
            reader.close()
            throw error
        }
        reader.delegate = self
        writer.delegate = self
        // A reader that hangs must not make us keep everything that it will never read.
        writer.highWaterMark = PipeLimits.messageSize
    }

    /// Begins to read; set the handlers first.
    package func start() { reader.startReading() }

    /// Sends a message that wants no answer.
    package func send(_ message: Outgoing.Message) { write(id: 0, message) }

    /// Answers the request `id`; an id that is not positive wants none.
    package func reply(to id: Int64, _ message: Outgoing.Message) {
        if id > 0 { write(id: -id, message) }
    }

    /// Sends a request; `onReply` gets the answer, or nil when the pipe closes first.
    package func request(_ message: Outgoing.Message, onReply: @escaping (Incoming.Message?) -> Void) {
        guard writer.isOpen, open.count < PipeLimits.openRequests else { return onReply(nil) }
        let id = nextID
        nextID += 1
        open[id] = onReply
        write(id: id, message)
    }

    /// Sends what is queued, then closes both pipes.
    package func close() {
        reader.close()
        writer.closeAfterFlush()
    }

    /// Bytes that the other end has not taken.
    package var queuedBytes: Int { writer.queuedBytes }

    private func write(id: Int64, _ message: Outgoing.Message) {
        guard writer.isOpen else { return }
        do {
            let bytes = try Outgoing.encode(id: id, message)
            guard bytes.count <= PipeLimits.messageSize else { return fail("a message of \(bytes.count) bytes") }
            guard writer.isWritable else { return fail("the other end does not read") }
            writer.write { output in
                output.append(UInt32(bytes.count))
                output.append(bytes)
            }
        } catch {
            fail("a message that cannot be encoded: \(error)")
        }
    }

    private func fail(_ reason: String) {
        failure = failure ?? reason
        reader.close()
        writer.close()
    }

    private func received(_ bytes: RawSpan) {
        do {
            let (id, message) = try Incoming.decode(unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) })
            // The one number that has no opposite: no request has it.
            guard id != .min else { return fail("an answer to no request") }
            if id < 0 {
                open.removeValue(forKey: -id)?(message)
            } else {
                onMessage?(id, message)
            }
        } catch {
            fail("a message that cannot be read: \(error)")
        }
    }

    package func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        do throws(PipeFrameError) {
            try decoder.feed(bytes) { message in
                received(message)
                return failure == nil
            }
        } catch {
            fail("\(error)")
        }
    }

    package func streamDidReachEnd(_ stream: ByteStream) {
        if decoder.pendingBytes > 0 { failure = failure ?? "the pipe ended inside a message" }
        reader.close()
        writer.close()
    }

    package func streamDidClose(_ stream: ByteStream, error: UVError?) {
        if let error, failure == nil { failure = "\(error)" }
        streamsOpen -= 1
        if streamsOpen == 1 {
            reader.close()
            writer.closeAfterFlush()
        }
        guard streamsOpen == 0 else { return }
        let waiting = open.sorted { $0.key < $1.key }
        open = [:]
        for (_, onReply) in waiting { onReply(nil) }
        let onClose = onClose
        onMessage = nil
        self.onClose = nil
        onClose?(failure)
    }
}
