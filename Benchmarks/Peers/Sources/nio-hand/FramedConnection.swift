import NIOCore

/// Frames over one connection, for either side: u32 length of what follows, u64 id, the argument or result.
///
/// On the loop only.
final class FramedConnection: ChannelInboundHandler, @unchecked Sendable {  // All of it is the loop's.
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let headerSize = 12
    /// Frames up to that size share a buffer, so that one write sends many of them.
    private static let largestShared = 16 * 1024

    private let onFrame: (FramedConnection, UInt64, [UInt8]) -> Void
    private var context: ChannelHandlerContext?
    /// The beginning of a frame whose end has not come yet.
    private var received = ByteBuffer()
    private var unsent = ByteBuffer()

    init(onFrame: @escaping (FramedConnection, UInt64, [UInt8]) -> Void) {
        self.onFrame = onFrame
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if received.readableBytes > 0 {
            received.writeBuffer(&bytes)
            readFrames(&received)
            if received.readableBytes == 0 { received = ByteBuffer() }
        } else {
            readFrames(&bytes)
            if bytes.readableBytes > 0 { received = bytes }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func readFrames(_ bytes: inout ByteBuffer) {
        while let length = bytes.getInteger(at: bytes.readerIndex, endianness: .little, as: UInt32.self) {
            let size = 4 + Int(length)
            guard bytes.readableBytes >= size else {
                return bytes.reserveCapacity(minimumWritableBytes: size - bytes.readableBytes)
            }
            bytes.moveReaderIndex(forwardBy: 4)
            guard let id = bytes.readInteger(endianness: .little, as: UInt64.self),
                let payload = bytes.readBytes(length: Int(length) - 8)
            else { return }
            onFrame(self, id, payload)
        }
    }

    /// Sends a frame with the next flush.
    func send(_ id: UInt64, _ payload: [UInt8]) {
        let size = Self.headerSize + payload.count
        if size > Self.largestShared { write() }
        unsent.reserveCapacity(minimumWritableBytes: size)
        unsent.writeInteger(UInt32(8 + payload.count), endianness: .little)
        unsent.writeInteger(id, endianness: .little)
        unsent.writeBytes(payload)
        if unsent.readableBytes > Self.largestShared { write() }
    }

    /// Flushes all that was sent since the last flush.
    func flush() {
        write()
        context?.flush()
    }

    private func write() {
        guard unsent.readableBytes > 0 else { return }
        context?.write(wrapOutboundOut(unsent), promise: nil)
        unsent = ByteBuffer()
    }
}
