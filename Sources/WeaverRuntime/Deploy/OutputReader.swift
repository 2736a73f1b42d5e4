internal import WeaverCore
package import WeaverLoop

/// Reads one of a child's outputs, line by line, until it ends. A child that floods its output waits for us, not we for
/// it: in one tick of the loop only so many lines are taken.
package final class OutputReader: ByteStreamDelegate {
    /// How many lines are taken in one tick. 256.
    package static let linesPerTick = 256

    /// The time until the next lines are taken, the shortest one: a timer without any would fire again in the same tick.
    private static let pause = Duration.milliseconds(1)

    private var splitter = LineSplitter()
    /// What was read and has not been taken.
    private var rest: [UInt8] = []
    private var timer: LoopTimer?
    private let onLine: (String) -> Void
    private let onEnd: () -> Void

    /// Takes over the descriptor, the reading end of a pipe, also when it throws.
    package static func start(
        loop: EventLoop, descriptor: Int32, onLine: @escaping (String) -> Void, onEnd: @escaping () -> Void = {}
    ) throws(UVError) -> ByteStream {
        let stream = try ByteStream.adopt(pipe: descriptor, loop: loop)
        let reader = OutputReader(onLine: onLine, onEnd: onEnd)
        do throws(UVError) {
            reader.timer = try LoopTimer(loop: loop) { [weak reader, weak stream] in
                if let reader, let stream { reader.goOn(stream) }
            }
        } catch {
            stream.close()
            throw error
        }
        stream.delegate = reader
        stream.startReading()
        return stream
    }

    private init(onLine: @escaping (String) -> Void, onEnd: @escaping () -> Void) {
        self.onLine = onLine
        self.onEnd = onEnd
    }

    package func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        let taken = splitter.feed(bytes, maximumLines: Self.linesPerTick, onLine: onLine)
        guard taken < bytes.byteCount else { return }
        rest = unsafe bytes.extracting(taken..<bytes.byteCount).withUnsafeBytes { unsafe [UInt8]($0) }
        stream.pauseReading()
        timer?.arm(after: Self.pause)
    }

    private func goOn(_ stream: ByteStream) {
        let taken = unsafe splitter.feed(rest.span.bytes, maximumLines: Self.linesPerTick, onLine: onLine)
        rest.removeFirst(taken)
        if rest.isEmpty { stream.startReading() } else { timer?.arm(after: Self.pause) }
    }

    package func streamDidReachEnd(_ stream: ByteStream) {
        stream.close()
    }

    package func streamDidClose(_ stream: ByteStream, error: UVError?) {
        timer?.close()
        timer = nil
        unsafe _ = splitter.feed(rest.span.bytes, onLine: onLine)
        rest = []
        splitter.end(onLine: onLine)
        onEnd()
    }
}
