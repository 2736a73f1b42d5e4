internal import CUV
internal import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Who hears of a ``StreamSplice``. All of it on the loop's thread.
protocol StreamSpliceDelegate: AnyObject {
    /// So many bytes more have left the source.
    func splice(_ splice: StreamSplice, didTake count: Int)
    /// All bytes have gone, or the kernel takes no more of them this way: with ``StreamSplice/left`` above 0 the source
    /// is read as ever from here on, which tells why.
    func spliceDidEnd(_ splice: StreamSplice)
}

/// Bytes of a known number that go from one stream to another through a pipe, inside of the kernel (splice(2)).
///
/// libuv goes on watching both sockets. The source's is read when the pipe is empty only, so the pipe bounds what is under
/// way. When the destination takes no more, a part of what is in the pipe goes into its queue: libuv then waits for the
/// socket, and the bound on clients that do not read holds as for all that is queued. Errors of either socket are left
/// to reading and writing, which find them.
///
/// It ends by `spliceDidEnd`, or silently with either stream; the source's delegate, or what it owns, is the splice's.
@safe
final class StreamSplice {
    /// What goes through this process when the destination takes no more, at a time.
    static let partWhenBlocked = 16 * 1024
    /// How often the source is read before the loop does something else.
    private static let roundsPerEvent = 4

    /// Bytes that have not left the source.
    private(set) var left: UInt64
    private let source: ByteStream
    private let destination: ByteStream
    private let pipes: SplicePipes
    private let pipe: SplicePipe
    private unowned let delegate: any StreamSpliceDelegate
    private var isOver = false
    private var isPassingOn = false

    /// Bytes that have left the source, and that the destination has not taken.
    var held: Int { pipe.held }

    /// Takes the next `count` bytes of `source` to `destination`, behind what is queued there. Nil when there is no pipe.
    init?(
        _ count: UInt64, from source: ByteStream, to destination: ByteStream, through pipes: SplicePipes,
        delegate: any StreamSpliceDelegate
    ) {
        precondition(source.splice == nil && destination.incomingSplice == nil, "a splice inside another one")
        guard source.isOpen, destination.isOpen, let pipe = pipes.take() else { return nil }
        left = count
        self.source = source
        self.destination = destination
        self.pipes = pipes
        self.pipe = pipe
        self.delegate = delegate
        source.splice = self
        destination.incomingSplice = self
    }

    /// Something has arrived, or the end, or an error.
    func sourceIsReadable() {
        for _ in 0..<Self.roundsPerEvent {
            guard isDestinationFree else { return source.pauseReading() }
            guard take() else { return }
            passOn()
            if isOver { return }
        }
    }

    /// What was queued before has gone.
    func destinationIsEmpty() {
        guard !isOver, !isPassingOn else { return }
        passOn()
        if !isOver, pipe.held == 0 { source.startReading() }
    }

    /// One of the streams closes.
    func cancel() { detach() }

    private var isDestinationFree: Bool {
        destination.flushNow()
        return pipe.held == 0 && destination.queue.value.isEmpty && destination.inFlight == nil
    }

    /// Fills the empty pipe; gives whether anything came.
    private func take() -> Bool {
        guard let descriptor = source.descriptor else { return false }
        let wanted = Int(min(left, UInt64(SplicePipe.capacity)))
        let count = weaver_splice(descriptor, pipe.writer, wanted, 0)
        if count > 0 {
            left -= UInt64(count)
            pipe.held = count
            delegate.splice(self, didTake: count)
            return true
        }
        let code = count < 0 ? errno : 0
        if code == EAGAIN || code == EINTR { return false }
        if code == EINVAL || code == ENOSYS { pipes.refuse() }
        end()
        return false
    }

    /// Empties the pipe as far as the destination takes it.
    private func passOn() {
        isPassingOn = true
        defer { isPassingOn = false }
        while pipe.held > 0, let descriptor = destination.descriptor {
            let count = weaver_splice(pipe.reader, descriptor, pipe.held, left > 0 ? 1 : 0)
            if count > 0 {
                pipe.held -= count
            } else {
                guard queuePart() else { return source.pauseReading() }
            }
        }
        if left == 0, pipe.held == 0, !isOver { end() }
    }

    /// Queues a part of what is in the pipe; gives whether the destination has taken it after all.
    private func queuePart() -> Bool {
        guard let start = unsafe destination.loop.readBuffer.baseAddress else { return false }
        let count = unsafe read(pipe.reader, start, min(pipe.held, Self.partWhenBlocked))
        precondition(count > 0, "a pipe has lost bytes")
        pipe.held -= count
        destination.write { unsafe $0.append(RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: count)) }
        destination.flushNow()
        return destination.isOpen && destination.queue.value.isEmpty && destination.inFlight == nil
    }

    private func end() {
        guard !isOver else { return }
        detach()
        source.startReading()
        delegate.spliceDidEnd(self)
    }

    private func detach() {
        guard !isOver else { return }
        isOver = true
        source.splice = nil
        destination.incomingSplice = nil
        pipes.giveBack(pipe)
    }
}
