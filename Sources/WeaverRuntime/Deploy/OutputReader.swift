internal import WeaverCore
package import WeaverLoop

/// Reads one of a child's outputs, line by line, until it ends.
package final class OutputReader: ByteStreamDelegate {
    private var splitter = LineSplitter()
    private let onLine: (String) -> Void
    private let onEnd: () -> Void

    /// Takes over the descriptor, the reading end of a pipe, also when it throws.
    package static func start(
        loop: EventLoop, descriptor: Int32, onLine: @escaping (String) -> Void, onEnd: @escaping () -> Void = {}
    ) throws(UVError) -> ByteStream {
        let stream = try ByteStream.adopt(pipe: descriptor, loop: loop)
        stream.delegate = OutputReader(onLine: onLine, onEnd: onEnd)
        stream.startReading()
        return stream
    }

    private init(onLine: @escaping (String) -> Void, onEnd: @escaping () -> Void) {
        self.onLine = onLine
        self.onEnd = onEnd
    }

    package func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        splitter.feed(bytes, onLine: onLine)
    }

    package func streamDidReachEnd(_ stream: ByteStream) {
        stream.close()
    }

    package func streamDidClose(_ stream: ByteStream, error: UVError?) {
        splitter.end(onLine: onLine)
        onEnd()
    }
}
