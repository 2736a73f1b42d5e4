package import WeaverCore
internal import WeaverLoop

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension StatusClient {
    /// Asks the deployment with this socket for a rolling restart, of all replicas or of those of the group of `component`, a
    /// full name. `onProgress` hears of it on the loop's thread; the last of it, which is done or failed, is given back.
    ///
    /// The deployer has to begin within ``answerTimeout``; then it may take as long as it does. Whoever does not wait for the
    /// end does not end the restart.
    package func restart(
        socket: String, component: String?, onProgress: @escaping @Sendable (RestartProgress) -> Void
    ) async throws(StatusError) -> RestartProgress {
        let loop = loop
        let result: Result<RestartProgress, StatusError> = await withCheckedContinuation { continuation in
            loop.execute {
                RestartWatch.begin(loop: loop, socket: socket, component: component, onProgress: onProgress) {
                    continuation.resume(returning: $0)
                }
            }
        }
        return try result.get()
    }
}

/// One request for a rolling restart, on a connection of its own. Kept by its stream until that has closed.
private final class RestartWatch: ByteStreamDelegate {
    private let component: String?
    private var lines = LineSplitter()
    private var last: RestartProgress?
    private var failure: StatusError?
    private var timer: LoopTimer?
    private weak var stream: ByteStream?
    private let onProgress: (RestartProgress) -> Void
    private let onResult: (Result<RestartProgress, StatusError>) -> Void

    static func begin(
        loop: EventLoop, socket: String, component: String?, onProgress: @escaping (RestartProgress) -> Void,
        onResult: @escaping (Result<RestartProgress, StatusError>) -> Void
    ) {
        let watch = RestartWatch(component, onProgress, onResult)
        do throws(UVError) {
            let timer = try LoopTimer(loop: loop) { [weak watch] in watch?.fail(.timedOut) }
            watch.timer = timer
            watch.stream = try ByteStream.connect(
                to: .unix(socket), loop: loop, timeout: StatusClient.answerTimeout, delegate: watch)
            timer.arm(after: StatusClient.answerTimeout)
        } catch {
            watch.timer?.close()
            onResult(.failure(StatusError(error)))
        }
    }

    private init(
        _ component: String?, _ onProgress: @escaping (RestartProgress) -> Void,
        _ onResult: @escaping (Result<RestartProgress, StatusError>) -> Void
    ) {
        self.component = component
        self.onProgress = onProgress
        self.onResult = onResult
    }

    private func fail(_ failure: StatusError) {
        self.failure = self.failure ?? failure
        stream?.close()
    }

    func streamDidConnect(_ stream: ByteStream) {
        stream.startReading()
        let command = ([StatusProtocol.Command.restart.rawValue] + [component].compactMap { $0 }).joined(separator: " ")
        stream.write { output in output.append(utf8: command + "\n") }
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        timer?.disarm()
        lines.feed(bytes) { received($0) }
    }

    private func received(_ line: String) {
        guard failure == nil, last?.outcome ?? .underWay == .underWay else { return }
        do {
            let progress = try JSONDecoder().decode(RestartProgress.self, from: Data(line.utf8))
            last = progress
            onProgress(progress)
        } catch {
            fail(.badAnswer("\(error)"))
        }
    }

    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        timer?.close()
        timer = nil
        if let failure {
            onResult(.failure(failure))
        } else if let last, last.outcome != .underWay {
            onResult(.success(last))
        } else if last != nil {
            onResult(.failure(.gone))
        } else {
            onResult(.failure(error.map(StatusError.init) ?? .notAsked("it has closed the connection")))
        }
    }
}
