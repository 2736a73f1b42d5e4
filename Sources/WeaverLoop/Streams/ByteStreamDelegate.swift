/// What happens to a ``ByteStream``; all of it on the loop's thread.
///
/// A stream retains its delegate until it has closed.
package protocol ByteStreamDelegate: AnyObject {
    /// The connection stands (only for streams that were made by connecting).
    func streamDidConnect(_ stream: ByteStream)
    /// Bytes have arrived. They are the loop's read buffer, lent for the time of the call.
    func stream(_ stream: ByteStream, didRead bytes: RawSpan)
    /// Memory of the delegate's own for the next bytes, or nil to read into the loop's buffer. It must stay valid
    /// until the stream is closed or ``stream(_:didReadIntoDestination:)`` came.
    func streamReadDestination(_ stream: ByteStream) -> UnsafeMutableRawBufferPointer?
    /// `count` bytes have arrived in the memory that ``streamReadDestination(_:)`` gave.
    func stream(_ stream: ByteStream, didReadIntoDestination count: Int)
    /// The peer has closed its side; writing is still possible.
    func streamDidReachEnd(_ stream: ByteStream)
    /// The bytes queued have fallen below the low-water mark, having been above the high-water mark.
    func streamDidDrain(_ stream: ByteStream)
    /// The stream is gone: by ``ByteStream/close()`` (no error), or because reading, writing or connecting failed.
    /// Called exactly once, last.
    func streamDidClose(_ stream: ByteStream, error: UVError?)
}

extension ByteStreamDelegate {
    package func streamDidConnect(_ stream: ByteStream) {}
    package func streamReadDestination(_ stream: ByteStream) -> UnsafeMutableRawBufferPointer? { nil }
    package func stream(_ stream: ByteStream, didReadIntoDestination count: Int) {}
    package func streamDidDrain(_ stream: ByteStream) {}
}
