import CUV
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct ConnectTests {
    @Test func `what is written before the connection stands goes out with it`() async throws {
        try await withLoop { loop in
            let pair = try await withConnection(loop) { stream in
                stream.write { $0.append([1, 2]) }
                stream.shutdown()
            }
            let received = await pair.atServer.endOfInput.wait()
            #expect(received == [1, 2])
            _ = await (pair.atServer.ended.wait(), pair.atClient.ended.wait())
        }
    }

    @Test func `a peer that never answers is given up after the time`() async throws {
        try await withLoop { loop in
            // Nobody accepts, and the queue holds two: what comes after them stays unanswered.
            let socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0), backlog: 1)
            let probes = (0..<6).map { _ in StreamProbe() }
            let gaveUp = Promise<UVError>()
            try await loop.run {
                for probe in probes {
                    let stream = try ByteStream.connect(
                        to: socket.address, loop: loop, timeout: .milliseconds(50), delegate: probe)
                    stream.startReading()
                }
            }
            let last = try #require(probes.last)
            Task {
                if let error = await last.ended.wait() { gaveUp.fulfil(error) }
            }
            let error = await gaveUp.wait()
            #expect(error.isTimeout)
            #expect(error.description.contains("connecting to \(socket.address)"))
            // The others, whose connections stand, end with the socket.
            if let descriptor = socket.takeDescriptor() { _ = close(descriptor) }
            for probe in probes { _ = await probe.ended.wait() }
        }
    }

    @Test func `a stream that is closed while it connects ends without an error`() async throws {
        try await withLoop { loop in
            let probe = StreamProbe()
            let socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
            try await loop.run {
                let stream = try ByteStream.connect(
                    to: socket.address, loop: loop, timeout: .seconds(10), delegate: probe)
                stream.close()
            }
            let error = await probe.ended.wait()
            #expect(error == nil)
        }
    }

    @Test(arguments: [103, 104, 200]) func `a socket's path that is too long is refused, not cut`(length: Int)
        async throws
    {
        let path = "/" + String(repeating: "x", count: length - 1)
        try await withLoop { loop in
            try await loop.run {
                let probe = StreamProbe()
                if length < SocketAddress.maximumPathLength {
                    _ = try ByteStream.connect(to: .unix(path), loop: loop, timeout: .seconds(1), delegate: probe)
                } else {
                    let error = #expect(throws: UVError.self) {
                        _ = try ByteStream.connect(to: .unix(path), loop: loop, timeout: .seconds(1), delegate: probe)
                    }
                    #expect(error?.name == "ENAMETOOLONG")
                    #expect(throws: UVError.self) { _ = try ListeningSocket(address: .unix(path)) }
                }
            }
            try await loop.run {}
        }
    }

    private func withConnection(
        _ loop: EventLoop, first: @escaping @Sendable (ByteStream) -> Void
    ) async throws -> (atClient: StreamProbe, atServer: StreamProbe) {
        let (atClient, atServer) = (StreamProbe(), StreamProbe())
        try await loop.run {
            var listener: StreamListener?
            listener = try StreamListener(loop: loop, address: .ip("127.0.0.1", port: 0)) { server in
                listener?.close()
                listener = nil
                server.delegate = atServer
                server.startReading()
            }
            guard let address = listener?.address else { return }
            let client = try ByteStream.connect(to: address, loop: loop, timeout: .seconds(10), delegate: atClient)
            client.startReading()
            first(client)
        }
        return (atClient, atServer)
    }
}
