package import WeaverCore
package import WeaverLoop

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Asks a binary what it contains, before anything of it is deployed.
package enum DescriptorProbe {
    /// The environment variable that asks for the descriptor, with the descriptor to write it to.
    package static let variable = "WEAVER_DESCRIBE"
    /// The environment variable that names the descriptor from which the binary reads config sections to try.
    package static let sectionsVariable = "WEAVER_DESCRIBE_SECTIONS"
    /// The environment variable that asks the binary not to find the keys of config sections.
    package static let openVariable = "WEAVER_DESCRIBE_OPEN"
    /// How long a binary may take to describe itself.
    package static let timeout = Duration.seconds(5)
    /// How many lines of its error output are kept for the message.
    static let keptErrorLines = 5

    /// A binary that did not describe itself.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        /// Whether the process was ended by a signal, as by a trap in its own code.
        var isCrash = false
    }

    /// The user has ended the wait, by Ctrl-C or another signal.
    package struct Interrupted: Error, CustomStringConvertible {
        /// The signal's number.
        package let signal: Int32
        package var description: String { "interrupted by signal \(signal)" }
    }

    /// Runs `program` in describing mode. Throws ``Failure`` in words that name the binary.
    ///
    /// A type that traps on the invented values by which the keys of its section are found is the application's own
    /// matter: the binary is asked again without, and any key may then be valid.
    ///
    /// - Parameter sections: config sections, as TOML text by full component name, for the binary to try; nil when that
    ///   is not asked for.
    package static func describe(
        _ program: Envelope.Program, sections: [String: String]? = nil, timeout: Duration = timeout, loop: EventLoop
    ) async throws -> AppDescriptor {
        do {
            return try await run(program, sections: sections, timeout: timeout, loop: loop)
        } catch let failure as Failure where failure.isCrash {
            var open = program
            open.environment.append("\(openVariable)=1")
            guard let descriptor = try? await run(open, sections: sections, timeout: timeout, loop: loop) else {
                throw failure
            }
            return descriptor
        }
    }

    /// The same for a binary alone, without a config.
    package static func describe(
        binary path: String, loop: EventLoop, environment: [String: String] = ProcessInfo.processInfo.environment
    ) async throws -> AppDescriptor {
        let executable = URL(filePath: path).path
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw Failure(description: "\(path) does not exist or is no program that can be executed")
        }
        return try await describe(
            Envelope.Program(
                executable: executable, arguments: [],
                environment: MultiDeployment.childEnvironment(environment, adding: [])),
            loop: loop)
    }

    private static func run(
        _ program: Envelope.Program, sections: [String: String]?, timeout: Duration, loop: EventLoop
    ) async throws -> AppDescriptor {
        let input = try sections.map { try DescriptorCodec.encode(sections: $0) }
        let bytes: [UInt8] = try await withCheckedThrowingContinuation { continuation in
            loop.execute {
                do {
                    try Probe(loop: loop, program: program, input: input, timeout: timeout) {
                        continuation.resume(with: $0)
                    }
                } catch {
                    continuation.resume(throwing: Failure(description: "\(error)"))
                }
            }
        }
        do {
            return try DescriptorCodec.decode(bytes)
        } catch {
            throw Failure(
                description: "\(program.executable) is no weaver application: its descriptor cannot be read (\(error))")
        }
    }
}

/// One run of a binary in describing mode.
private final class Probe: ByteStreamDelegate {
    private let program: Envelope.Program
    private var bytes: [UInt8] = []
    private var errorLines: [String] = []
    private var process: ChildProcess?
    private var timer: LoopTimer?
    private var exit: ExitStatus?
    private var openStreams = 2
    private var outputs: [ByteStream] = []
    private var problem: String?
    private var signals: [SignalSource] = []
    private var interruption: DescriptorProbe.Interrupted?
    private var onResult: ((Result<[UInt8], any Error>) -> Void)?

    @discardableResult
    init(
        loop: EventLoop, program: Envelope.Program, input: [UInt8]?, timeout: Duration,
        onResult: @escaping (Result<[UInt8], any Error>) -> Void
    ) throws(UVError) {
        self.program = program
        self.onResult = onResult
        var pipe = try PipePair()
        var error = try PipePair()
        var sections = try PipePair()
        let childEnds = [pipe.takeWriteEnd(), error.takeWriteEnd(), sections.takeReadEnd()]
        defer { for descriptor in childEnds { closeDescriptor(descriptor) } }
        let stream = try ByteStream.adopt(pipe: pipe.takeReadEnd(), loop: loop)
        outputs = [stream]
        do throws(UVError) {
            let errors = try OutputReader.start(
                loop: loop, descriptor: error.takeReadEnd(), onLine: { [self] in keep($0) },
                onEnd: { [self] in streamEnded() })
            outputs.append(errors)
            var configuration = ChildProcess.Configuration(executable: program.executable)
            configuration.arguments = program.arguments
            configuration.environment = program.environment + ["\(DescriptorProbe.variable)=3"]
            configuration.descriptors = [3: childEnds[0], 2: childEnds[1]]
            configuration.ownSession = true
            if let input {
                configuration.environment?.append("\(DescriptorProbe.sectionsVariable)=4")
                configuration.descriptors[4] = childEnds[2]
                let writer = try ByteStream.adopt(pipe: sections.takeWriteEnd(), loop: loop)
                writer.write(owned: WritePiece(input))
                writer.closeAfterFlush()
            }
            // The child is in a session of its own, which a terminal's Ctrl-C does not reach.
            for number in EndingSignals.all {
                signals.append(try SignalSource(loop: loop, signal: number) { [unowned self] in interrupted($0) })
            }
            process = try ChildProcess(loop: loop, configuration) { [self] status in
                exit = status
                process = nil
                finishIfDone()
            }
            timer = try LoopTimer(loop: loop) { [self] in
                giveUp("did not describe itself within \(timeout)")
            }
        } catch {
            self.onResult = nil
            process?.kill(9, wholeGroup: true)
            closeSignals()
            for output in outputs { output.close() }
            throw error
        }
        timer?.arm(after: timeout)
        stream.delegate = self
        stream.startReading()
    }

    func stream(_ stream: ByteStream, didRead chunk: RawSpan) {
        guard bytes.count + chunk.byteCount <= DescriptorCodec.maximumSize else {
            return giveUp("describes itself with more than \(DescriptorCodec.maximumSize) bytes")
        }
        unsafe chunk.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    func streamDidReachEnd(_ stream: ByteStream) { stream.close() }
    func streamDidClose(_ stream: ByteStream, error: UVError?) { streamEnded() }

    private func keep(_ line: String) {
        if errorLines.count < DescriptorProbe.keptErrorLines { errorLines.append(line) }
    }

    private func streamEnded() {
        openStreams -= 1
        finishIfDone()
    }

    private func giveUp(_ reason: String) {
        problem = problem ?? reason
        process?.kill(9, wholeGroup: true)
        for output in outputs { output.close() }
        finishIfDone()
    }

    private func interrupted(_ signal: Int32) {
        interruption = interruption ?? DescriptorProbe.Interrupted(signal: signal)
        giveUp("was interrupted")
    }

    private func closeSignals() {
        for source in signals { source.close() }
        signals = []
    }

    private func finishIfDone() {
        guard openStreams == 0, let exit, let onResult else { return }
        self.onResult = nil
        timer?.close()
        timer = nil
        outputs = []
        closeSignals()
        if let interruption { return onResult(.failure(interruption)) }
        let isCrash = if case .killed = exit { problem == nil } else { false }
        if problem == nil, exit != .exited(0) { problem = "ended with \(exit) when asked to describe itself" }
        if problem == nil, bytes.isEmpty { problem = "is no weaver application: it did not describe itself" }
        guard let problem else { return onResult(.success(bytes)) }
        let said = errorLines.isEmpty ? "" : "; it said: " + errorLines.joined(separator: " / ")
        onResult(
            .failure(
                DescriptorProbe.Failure(description: "\(program.executable) \(problem)\(said)", isCrash: isCrash)))
    }
}
