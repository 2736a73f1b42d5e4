package import WeaverLoop

/// A stream's delegate for tests: it keeps what it hears, and calls what the test has set. On the loop's thread, but
/// for ``ended`` and ``endOfInput``.
package final class StreamProbe: ByteStreamDelegate, @unchecked Sendable {
    // @unchecked: everything but the promises is used on the loop's thread only.

    /// The error that the stream closed with, nil for none.
    package let ended = Promise<UVError?>()
    /// What had been read when the peer closed its side.
    package let endOfInput = Promise<[UInt8]>()
    package private(set) var received: [UInt8] = []
    package private(set) var reads = 0
    package private(set) var closes = 0
    package var onConnect: ((ByteStream) -> Void)?
    package var onRead: ((ByteStream) -> Void)?
    package var onEnd: ((ByteStream) -> Void)? = { $0.close() }
    package var onDrain: ((ByteStream) -> Void)?

    package init() {}

    package func streamDidConnect(_ stream: ByteStream) { onConnect?(stream) }

    package func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        reads += 1
        unsafe bytes.withUnsafeBytes { unsafe received.append(contentsOf: $0) }
        onRead?(stream)
    }

    package func streamDidReachEnd(_ stream: ByteStream) {
        endOfInput.fulfil(received)
        onEnd?(stream)
    }

    package func streamDidDrain(_ stream: ByteStream) { onDrain?(stream) }

    package func streamDidClose(_ stream: ByteStream, error: UVError?) {
        closes += 1
        (onConnect, onRead, onEnd, onDrain) = (nil, nil, nil, nil)
        ended.fulfil(error)
    }
}
