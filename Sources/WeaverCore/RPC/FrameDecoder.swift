/// Cuts what a connection delivers into frames.
///
/// Operation: ``feed(_:frame:)`` gets the bytes of each read, lent, and calls `frame` for every frame that is complete
/// now. A frame that lies whole in the bytes is delivered in place. Of a frame that does not, the payload is collected in
/// storage of its own, which has its final size from the beginning; while ``wantsDirectRead`` says so, the connection may
/// read the rest straight into ``directReadSpace()`` and report it with ``didReadDirectly(_:frame:)``.
///
/// The length is checked against ``maximumLength`` before anything is allocated for it.
package struct FrameDecoder: ~Copyable {
    /// The longest payload accepted; a connection raises it once the peer is known.
    package var maximumLength: Int

    /// A payload with at least this many bytes missing is worth a read of its own.
    package static let directReadThreshold = 64 * 1024

    /// The bytes of a header that is not complete yet.
    private var headerBytes = OutputBuffer()
    /// The header of the frame whose payload is being collected.
    private var pending: FrameHeader?
    /// What has arrived of that payload.
    private var payload = OutputBuffer()

    package init(maximumLength: Int) {
        self.maximumLength = maximumLength
    }

    /// The number of bytes held for a frame that is not complete.
    package var bufferedBytes: Int { headerBytes.count + payload.count }

    /// Takes the bytes of one read. `frame` gets each complete frame, lent for the call, and says whether to go on; after
    /// false, and after an error, the connection is finished and nothing more is fed.
    package mutating func feed(
        _ bytes: RawSpan, frame: (FrameHeader, RawSpan) -> Bool
    ) throws(FrameError) {
        var offset = 0
        let end = bytes.byteCount
        while offset < end || pending != nil {
            guard let header = pending else {
                guard let header = try readHeader(bytes, &offset) else { return }
                pending = header
                continue
            }
            let missing = header.length - payload.count
            if payload.isEmpty, end - offset >= missing {
                pending = nil
                let body = bytes.extracting(offset..<offset + missing)
                offset += missing
                guard frame(header, body) else { return }
                continue
            }
            let taken = min(missing, end - offset)
            payload.reserve(missing)
            payload.append(bytes.extracting(offset..<offset + taken))
            offset += taken
            guard taken == missing else { return }
            guard deliverCollected(header, frame) else { return }
        }
    }

    /// Reads a header at `offset`, which it moves; nil when its bytes are not all there yet, and kept.
    private mutating func readHeader(_ bytes: RawSpan, _ offset: inout Int) throws(FrameError) -> FrameHeader? {
        let available = bytes.byteCount - offset
        let header: FrameHeader
        if headerBytes.isEmpty, available >= FrameHeader.size {
            header = try FrameHeader(bytes.extracting(offset..<offset + FrameHeader.size))
            offset += FrameHeader.size
        } else {
            let taken = min(FrameHeader.size - headerBytes.count, available)
            headerBytes.append(bytes.extracting(offset..<offset + taken))
            offset += taken
            guard headerBytes.count == FrameHeader.size else { return nil }
            header = try headerBytes.withBytes { (bytes) throws(FrameError) in try FrameHeader(bytes) }
            headerBytes.truncate(to: 0)
        }
        guard header.length <= maximumLength else { throw .tooLong(header.length, limit: maximumLength) }
        return header
    }

    /// Delivers the collected payload and lets go of its memory.
    private mutating func deliverCollected(_ header: FrameHeader, _ frame: (FrameHeader, RawSpan) -> Bool) -> Bool {
        pending = nil
        let complete = exchange(&payload, with: OutputBuffer())
        return complete.withBytes { bytes in frame(header, bytes) }
    }

    // MARK: Reading large payloads straight into their storage

    /// Whether so much of a payload is missing that the next read should go to ``directReadSpace()``.
    package var wantsDirectRead: Bool {
        guard let pending else { return false }
        return pending.length - payload.count >= Self.directReadThreshold
    }

    /// Where the missing bytes of the payload go; valid until the decoder is used again.
    package mutating func directReadSpace() -> UnsafeMutableRawBufferPointer {
        guard let pending else { return unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        return unsafe payload.unsafeSpace(pending.length - payload.count)
    }

    /// Reports that `count` bytes were read into ``directReadSpace()``; delivers the frame when it is complete.
    package mutating func didReadDirectly(_ count: Int, frame: (FrameHeader, RawSpan) -> Bool) {
        guard let header = pending else { return }
        payload.commit(count)
        if payload.count == header.length { _ = deliverCollected(header, frame) }
    }
}
