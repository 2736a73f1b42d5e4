internal import WeaverCore

/// A frame that was encoded on another thread, on its way to the loop.
final class EncodedFrame: @unchecked Sendable {
    // @unchecked: the encoding thread lets go of it when it hands it over.
    var bytes: OutputBuffer

    init(_ bytes: consuming OutputBuffer) {
        self.bytes = bytes
    }
}

extension ByteStream {
    /// From this size on a frame is sent from where it is; a smaller one is copied behind the others.
    static let ownedFrameThreshold = 64 * 1024

    /// Sends a frame that was encoded before.
    func write(frame: consuming OutputBuffer) {
        if frame.count >= Self.ownedFrameThreshold { return write(owned: WritePiece(frame)) }
        frame.withBytes { bytes in write { $0.append(bytes) } }
    }

    /// Lends an encoder over the stream's output.
    @inline(__always)
    func encode<E: Error>(_ body: (inout WireEncoder) throws(E) -> Void) throws(E) {
        try write { (output) throws(E) in
            try output.withEncoder { (wire) throws(E) in try body(&wire) }
        }
    }
}
