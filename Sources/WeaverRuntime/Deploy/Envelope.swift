package import WeaverCore
package import WeaverLoop

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What happens to an envelope's process; all on the loop's thread.
package protocol EnvelopeDelegate: AnyObject {
    /// The weavelet asks or tells; `id` is to be answered when it is positive.
    func envelope(_ envelope: Envelope, received message: WeaveletMessage, id: Int64)
    /// A line of the process's output.
    func envelope(_ envelope: Envelope, printed line: String, toStandardError: Bool)
    /// The pipes are closed, by an error if there is a reason; the process may still live.
    func envelope(_ envelope: Envelope, pipesClosed reason: String?)
    /// The process has ended.
    func envelope(_ envelope: Envelope, exited status: ExitStatus)
}

/// The deployer's side of one weavelet: its process, its two pipes, its output.
///
/// Belongs to its loop's thread. Retains itself, through its handles, until the process has ended and its output is
/// closed.
package final class Envelope {
    package typealias Pipe = PipeConnection<WeaveletCodec, EnvelopeCodec>

    /// The descriptors that the pipes have in the child.
    static let childReadDescriptor: Int32 = 3
    static let childWriteDescriptor: Int32 = 4
    /// How long output that something else still holds open is read after the process has ended.
    package static let outputGrace = Duration.seconds(1)

    package let replica: String
    /// The group's name.
    package let group: String
    private let loop: EventLoop
    private let pipe: Pipe
    private var process: ChildProcess?
    /// Whether the weavelet is one of this process, and has not ended.
    private var hasResident = false
    private var outputs: [ByteStream] = []
    private var openOutputs = 0
    private var outputTimer: LoopTimer?
    private weak var delegate: (any EnvelopeDelegate)?

    /// What is started in every envelope of a deployment.
    package struct Program: Sendable {
        package var executable: String
        package var arguments: [String]
        /// The whole environment, `KEY=value`.
        package var environment: [String]

        package init(executable: String, arguments: [String] = [], environment: [String] = []) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment
        }
    }

    /// Runs a weavelet in this process: gets its ends of the pipes, which it closes, and says once, from any thread, with
    /// which code it has ended.
    package typealias Resident =
        @Sendable (
            _ descriptors: (read: Int32, write: Int32), _ ended: @escaping @Sendable (Int32) -> Void
        ) -> Void

    /// Starts `program` with its pipes.
    package init(
        loop: EventLoop, replica: String, group: String, program: Program, delegate: any EnvelopeDelegate
    ) throws(UVError) {
        self.loop = loop
        self.replica = replica
        self.group = group
        self.delegate = delegate
        var toChild = try PipePair()
        var fromChild = try PipePair()
        var output = try PipePair()
        var error = try PipePair()
        let childEnds = [
            toChild.takeReadEnd(), fromChild.takeWriteEnd(), output.takeWriteEnd(), error.takeWriteEnd(),
        ]
        // The child has its own copies once it runs; ours would keep the pipes open after its death.
        defer { for descriptor in childEnds { closeDescriptor(descriptor) } }
        pipe = try Pipe(
            loop: loop, readDescriptor: fromChild.takeReadEnd(), writeDescriptor: toChild.takeWriteEnd())
        do throws(UVError) {
            outputs = [
                try read(output.takeReadEnd(), loop: loop, isError: false),
                try read(error.takeReadEnd(), loop: loop, isError: true),
            ]
            var configuration = ChildProcess.Configuration(executable: program.executable)
            configuration.arguments = program.arguments
            configuration.environment =
                program.environment + [
                    "\(EnvelopeClient.readVariable)=\(Self.childReadDescriptor)",
                    "\(EnvelopeClient.writeVariable)=\(Self.childWriteDescriptor)",
                ]
            configuration.descriptors = [
                Self.childReadDescriptor: childEnds[0], Self.childWriteDescriptor: childEnds[1],
                1: childEnds[2], 2: childEnds[3],
            ]
            // A terminal's Ctrl-C is for the deployer, which ends its children in order.
            configuration.ownSession = true
            process = try ChildProcess(loop: loop, configuration) { [self] status in exited(status) }
        } catch {
            pipe.close()
            for stream in outputs { stream.close() }
            throw error
        }
        startPipe()
    }

    /// Starts a weavelet in this process, which a test is. It has no output of its own, and cannot be killed: its pipes are
    /// closed instead, which it ends by.
    package init(
        loop: EventLoop, replica: String, group: String, resident: Resident, delegate: any EnvelopeDelegate
    ) throws(UVError) {
        self.loop = loop
        self.replica = replica
        self.group = group
        self.delegate = delegate
        var toResident = try PipePair()
        var fromResident = try PipePair()
        pipe = try Pipe(
            loop: loop, readDescriptor: fromResident.takeReadEnd(), writeDescriptor: toResident.takeWriteEnd())
        hasResident = true
        startPipe()
        // Touched on the loop's thread only.
        nonisolated(unsafe) let envelope = self
        resident((read: toResident.takeReadEnd(), write: fromResident.takeWriteEnd())) { code in
            loop.execute { unsafe envelope.residentEnded(.exited(code)) }
        }
    }

    private func startPipe() {
        pipe.onMessage = { [unowned self] id, message in
            self.delegate?.envelope(self, received: message, id: id)
        }
        pipe.onClose = { [self] reason in self.delegate?.envelope(self, pipesClosed: reason) }
        pipe.start()
    }

    private func read(_ descriptor: Int32, loop: EventLoop, isError: Bool) throws(UVError) -> ByteStream {
        let stream = try OutputReader.start(
            loop: loop, descriptor: descriptor,
            onLine: { [weak self] line in
                guard let self else { return }
                delegate?.envelope(self, printed: line, toStandardError: isError)
            }, onEnd: { [weak self] in self?.outputEnded() })
        openOutputs += 1
        return stream
    }

    private func outputEnded() {
        openOutputs -= 1
        if openOutputs == 0 { closeOutputs() }
    }

    /// The process's id; 0 when it has ended.
    package var processID: Int64 { process.map { Int64($0.processID) } ?? (hasResident ? Int64(getpid()) : 0) }

    /// Sends a message that wants no answer.
    package func send(_ message: EnvelopeMessage) { pipe.send(message) }

    /// Sends a request; the answer is nil when the pipe closes first.
    package func request(_ message: EnvelopeMessage, onReply: @escaping (WeaveletMessage?) -> Void) {
        pipe.request(message, onReply: onReply)
    }

    /// Answers a request of the weavelet.
    package func reply(to id: Int64, _ message: EnvelopeMessage) { pipe.reply(to: id, message) }

    /// Sends a signal to the process; SIGKILL to all that it has started, too.
    package func kill(_ signal: Int32) {
        process?.kill(signal, wholeGroup: signal == Self.sigkill)
        if signal == Self.sigkill { residentEnded(.killed(signal: signal)) }
    }

    private static let sigkill: Int32 = 9

    /// The weavelet of this process has ended, or counts as ended.
    private func residentEnded(_ status: ExitStatus) {
        guard hasResident else { return }
        hasResident = false
        exited(status)
    }

    private func exited(_ status: ExitStatus) {
        process = nil
        pipe.close()
        // What the process has started is killed with it, unless it has left the group: that may hold the outputs open.
        if openOutputs > 0 {
            outputTimer = try? LoopTimer(loop: loop) { [self] in closeOutputs() }
            outputTimer?.arm(after: Self.outputGrace)
            if outputTimer == nil { closeOutputs() }
        }
        delegate?.envelope(self, exited: status)
    }

    /// Whether a process that has ended may still have something to say: what it has started holds its outputs open.
    var hasOpenOutputs: Bool { openOutputs > 0 }

    /// Reads no more of what the process and what it has started print.
    func closeOutputs() {
        for stream in outputs { stream.close() }
        outputTimer?.close()
        outputTimer = nil
    }

    /// Closes everything that is left, at the end of the deployment; the process is killed if it still runs.
    package func close() {
        kill(Self.sigkill)
        pipe.close()
        closeOutputs()
    }
}
