package import WeaverCore
package import WeaverLoop

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Answers `weaver multi status`, `metrics`, `restart` and `stop` on a deployment's Unix socket.
///
/// Belongs to its loop's thread. Owns the socket's file and folder, which are gone after ``close()``.
package final class StatusServer {
    /// The socket's path.
    package let path: String
    private let folder: String
    private var listener: StreamListener?
    private var connections: [ObjectIdentifier: StatusConnection] = [:]
    private let status: () -> DeploymentStatus
    private let routing: (@escaping (DeploymentStatus) -> Void) -> Void
    private let stop: () -> Void
    /// Begins a rolling restart, of everything or of the component's group, and tells of it until it has ended.
    package var restart: (_ component: String?, _ onProgress: @escaping (RestartProgress) -> Void) -> Void = {
        $1(.refused)
    }
    /// What has been measured; nil for nothing that could be told.
    package var metrics: () -> MeasuredDeployment? = { nil }
    private let commandTimeout: Duration

    /// Listens in a new folder that only this user can enter. `status` is asked for each request, `routing` for those that
    /// want the slices, too, and may answer later; `stop` may be called more than once.
    package init(
        loop: EventLoop, folder: SocketFolder, commandTimeout: Duration? = nil,
        status: @escaping () -> DeploymentStatus,
        routing: @escaping (@escaping (DeploymentStatus) -> Void) -> Void, stop: @escaping () -> Void
    ) throws(UVError) {
        self.routing = routing
        self.commandTimeout = commandTimeout ?? StatusProtocol.commandTimeout
        self.status = status
        self.stop = stop
        self.folder = folder.path
        path = folder.socketPath
        do throws(UVError) {
            listener = try StreamListener(loop: loop, address: .unix(path)) { [weak self] stream in
                if let self { accepted(stream) } else { stream.close() }
            }
        } catch {
            folder.remove()
            throw error
        }
    }

    private func accepted(_ stream: ByteStream) {
        guard connections.count < StatusProtocol.maximumConnections,
            let connection = try? StatusConnection(stream: stream, server: self, timeout: commandTimeout)
        else { return stream.close() }
        connections[ObjectIdentifier(connection)] = connection
    }

    fileprivate func answer(_ command: StatusProtocol.Command, _ name: String?, _ connection: StatusConnection) {
        switch command {
        case .status: answer(status(), connection)
        case .routing: routing { [weak self, weak connection] in if let connection { self?.answer($0, connection) } }
        case .metrics: if let metrics = metrics() { answer(metrics, connection) } else { connection.stream.close() }
        case .restart:
            restart(name) { [weak self, weak connection] progress in
                if let connection { self?.answer(progress, connection) }
            }
        case .stop:
            connection.write(line: [UInt8](StatusProtocol.stopping.utf8))
            // What is written goes out before the deployer does anything that takes long.
            connection.stream.flushNow()
            stop()
        }
    }

    private func answer(_ status: some Encodable, _ connection: StatusConnection) {
        // Of numbers that JSON has not, an application may measure some.
        guard let json = try? NumberJSON.encoder().encode(status) else { return connection.stream.close() }
        connection.write(line: [UInt8](json))
        connection.stream.closeAfterFlush()
    }

    private func answer(_ progress: RestartProgress, _ connection: StatusConnection) {
        guard let json = try? JSONEncoder().encode(progress) else { return connection.stream.close() }
        connection.write(line: [UInt8](json))
        // A deployer that ends goes on to close everything.
        connection.stream.flushNow()
        if progress.outcome != .underWay { connection.stream.closeAfterFlush() }
    }

    fileprivate func closed(_ connection: StatusConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    /// Closes everything: whoever waits for the end of the deployment hears of it by that. Removes socket and folder.
    package func close() {
        listener?.close()
        listener = nil
        for connection in connections.values { connection.stream.close() }
        SocketFolder(path: folder).remove()
    }
}

/// One client of a status server.
private final class StatusConnection: ByteStreamDelegate {
    let stream: ByteStream
    /// Gone when the deployment has ended before the stream has closed.
    private weak var server: StatusServer?
    private var command = LineCollector(limit: StatusProtocol.maximumCommandLength)
    private var isAnswered = false
    private let timer: LoopTimer

    init(stream: ByteStream, server: StatusServer, timeout: Duration) throws(UVError) {
        self.stream = stream
        self.server = server
        timer = try LoopTimer(loop: stream.loop) { [weak stream] in stream?.close() }
        timer.arm(after: timeout)
        stream.delegate = self
        stream.startReading()
    }

    func write(line: [UInt8]) {
        stream.write { output in
            output.append(line)
            output.append(UInt8(ascii: "\n"))
        }
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {
        guard !isAnswered else { return }
        switch command.feed(bytes) {
        case .incomplete: return
        case .tooLong: stream.close()
        case .line(let text):
            guard let (command, name) = StatusProtocol.parse(text) else { return stream.close() }
            isAnswered = true
            timer.disarm()
            server?.answer(command, name, self)
        }
    }

    func streamDidReachEnd(_ stream: ByteStream) { stream.closeAfterFlush() }

    func streamDidClose(_ stream: ByteStream, error: UVError?) {
        timer.close()
        server?.closed(self)
    }
}
