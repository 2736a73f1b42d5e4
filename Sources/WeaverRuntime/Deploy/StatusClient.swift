package import WeaverCore
package import WeaverLoop

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Why a deployment did not answer.
package enum StatusError: Error, Equatable, CustomStringConvertible {
    /// Nobody listens on the socket: the deployer is gone.
    case gone
    /// There is no socket of that name: the deployer is gone, or somebody has removed it.
    case noSocket
    /// It could not be asked, for another reason; this says nothing about whether it runs.
    case notAsked(String)
    /// Somebody listens and has not answered in time.
    case timedOut
    /// What came is no answer.
    case badAnswer(String)

    package var description: String {
        switch self {
        case .gone: "the deployment has ended"
        case .noSocket: "the deployment's socket is not there"
        case .notAsked(let reason): "the deployment could not be asked: \(reason)"
        case .timedOut: "the deployment does not answer"
        case .badAnswer(let reason): "the deployment's answer cannot be read: \(reason)"
        }
    }
}

extension StatusError {
    /// What a failed connection means. Only two errors say that nobody is there; any other one, such as a lack of
    /// descriptors in this process, must not cost a running deployment its registration.
    init(_ error: UVError) {
        if error.isConnectionRefused {
            self = .gone
        } else if error.isNoSuchFile {
            self = .noSocket
        } else {
            self = error.isTimeout ? .timedOut : .notAsked("\(error)")
        }
    }
}

/// Asks a running deployment over its status socket. From any thread.
package struct StatusClient: Sendable {
    /// How long to wait for an answer. 2 s by default.
    package static let answerTimeout = Duration.seconds(2)

    let loop: EventLoop
    private let timeout: Duration

    package init(loop: EventLoop, timeout: Duration = StatusClient.answerTimeout) {
        self.loop = loop
        self.timeout = timeout
    }

    /// What the deployment with this socket is doing; with the slices of its routed components if they are wanted.
    package func status(socket: String, withRouting: Bool = false) async throws(StatusError) -> DeploymentStatus {
        let line = try await ask(withRouting ? .routing : .status, socket: socket, timeout: timeout, untilClosed: false)
        do {
            return try JSONDecoder().decode(DeploymentStatus.self, from: Data(line.utf8))
        } catch {
            throw .badAnswer("\(error)")
        }
    }

    /// What the deployment with this socket has measured.
    package func metrics(socket: String) async throws(StatusError) -> MeasuredDeployment {
        let line = try await ask(.metrics, socket: socket, timeout: timeout, untilClosed: false)
        do {
            return try NumberJSON.decoder().decode(MeasuredDeployment.self, from: Data(line.utf8))
        } catch {
            throw .badAnswer("\(error)")
        }
    }

    /// Stops the deployment with this socket, and comes back once it has ended; throws ``StatusError/timedOut`` when that
    /// takes longer than `bound`.
    package func stop(socket: String, bound: Duration) async throws(StatusError) {
        let line = try await ask(.stop, socket: socket, timeout: bound, untilClosed: true)
        guard line == StatusProtocol.stopping else { throw .badAnswer(line) }
    }

    private func ask(
        _ command: StatusProtocol.Command, socket: String, timeout: Duration, untilClosed: Bool
    ) async throws(StatusError) -> String {
        let result: Result<String, StatusError> = await withCheckedContinuation { continuation in
            loop.execute {
                StatusQuestion.ask(
                    command, loop: loop, socket: socket, timeout: timeout, untilClosed: untilClosed
                ) { continuation.resume(returning: $0) }
            }
        }
        return try result.get()
    }
}

/// One question on a connection of its own. Kept by its stream until that has closed.
private final class StatusQuestion: ByteStreamDelegate {
    private let command: StatusProtocol.Command
    private let untilClosed: Bool
    private var answer = LineCollector(limit: StatusProtocol.maximumAnswerLength)
    private var line: String?
    private var failure: StatusError?
    private var timer: LoopTimer?
    private let onResult: (Result<String, StatusError>) -> Void

    static func ask(
        _ command: StatusProtocol.Command, loop: EventLoop, socket: String, timeout: Duration, untilClosed: Bool,
        onResult: @escaping (Result<String, StatusError>) -> Void
    ) {
        let question = StatusQuestion(command, untilClosed: untilClosed, onResult: onResult)
        do throws(UVError) {
            let timer = try LoopTimer(loop: loop) { [weak question] in question?.timedOut() }
            question.timer = timer
            question.stream = try ByteStream.connect(
                to: .unix(socket), loop: loop, timeout: min(timeout, StatusClient.answerTimeout), delegate: question)
            timer.arm(after: timeout)
        } catch {
            question.timer?.close()
            onResult(.failure(StatusError(error)))
        }
    }

    private weak var stream: ByteStream?

    private init(
        _ command: StatusProtocol.Command, untilClosed: Bool,
        onResult: @escaping (Result<String, StatusError>) -> Void
    ) {
        self.command = command
        self.untilClosed = untilClosed
        self.onResult = onResult
    }

    private func timedOut() {
        failure = .timedOut
        stream?.close()
    }

    func streamDidConnect(_ stream: ByteStream) {
        stream.startReading()
        stream.write { output in output.append(utf8: command.rawValue + "\n") }
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        guard line == nil else { return }
        switch answer.feed(bytes) {
        case .incomplete: break
        case .tooLong:
            failure = .badAnswer("it is too long")
            stream.close()
        case .line(let text):
            line = text
            if !untilClosed { stream.close() }
        }
    }

    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        timer?.close()
        timer = nil
        if let failure {
            onResult(.failure(failure))
        } else if let line {
            onResult(.success(line))
        } else {
            // Closed without an answer: it has too many who ask, or is just ending.
            onResult(.failure(error.map(StatusError.init) ?? .notAsked("it has closed the connection")))
        }
    }
}
