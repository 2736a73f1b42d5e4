import NIOCore
import NIOExtras

/// A request or a response: the id of the call, and the bytes that go there or back.
struct Message: Sendable {
    let id: UInt64
    let payload: [UInt8]
}

/// ``Message`` in a buffer; handlers of swift-nio-extras put the length in front of it.
extension ByteBuffer {
    init(_ message: Message) {
        self.init()
        writeInteger(message.id)
        writeBytes(message.payload)
    }

    mutating func readMessage() -> Message? {
        guard let id = readInteger(as: UInt64.self), let payload = readBytes(length: readableBytes) else { return nil }
        return Message(id: id, payload: payload)
    }
}

typealias MessageChannel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

extension Channel {
    /// The channel as a sequence of frames.
    func configureFrames() throws -> MessageChannel {
        try pipeline.syncOperations.addHandler(
            ByteToMessageHandler(LengthFieldBasedFrameDecoder(lengthFieldBitLength: .fourBytes)))
        try pipeline.syncOperations.addHandler(LengthFieldPrepender(lengthFieldBitLength: .fourBytes))
        return try MessageChannel(wrappingChannelSynchronously: self)
    }
}
