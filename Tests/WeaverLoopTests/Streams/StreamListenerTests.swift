import CUV
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct StreamListenerTests {
    @Test func `a Unix socket is its owner's only, and carries bytes`() async throws {
        try await withTemporaryFolder { folder in
            try await withLoop { loop in
                let path = "\(folder)/s"
                let pair = try await StreamPair.make(on: loop, address: .unix(path))
                var status = stat()
                #expect(unsafe stat(path, &status) == 0)
                #expect(status.st_mode & 0o777 == 0o600)
                try await loop.run {
                    pair.client.write { $0.append([1, 2, 3]) }
                    pair.client.closeAfterFlush()
                }
                let received = await pair.atServer.endOfInput.wait()
                #expect(received == [1, 2, 3])
                _ = await (pair.atServer.ended.wait(), pair.atClient.ended.wait())
            }
        }
    }

    @Test func `IPv6 listens, names its port and accepts`() async throws {
        try await withLoop { loop in
            let pair = try await StreamPair.make(on: loop, address: .ip("::1", port: 0))
            try await loop.run {
                #expect(pair.client.peerAddress?.host == "::1")
                #expect(pair.client.peerAddress == pair.server.localAddress)
                pair.client.close()
            }
            _ = await (pair.atServer.ended.wait(), pair.atClient.ended.wait())
        }
    }

    @Test func `the port is free as soon as close returns`() async {
        // In a process of its own: a child that another test forks holds a copy of the socket until it executes.
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            try await loop.run {
                let first = try StreamListener(loop: loop, address: .ip("127.0.0.1", port: 0)) { $0.close() }
                let address = try #require(first.address)
                first.close()
                let second = try StreamListener(loop: loop, address: address) { $0.close() }
                second.close()
            }
            loop.stop()
        }
    }

    @Test func `without descriptors left accepting pauses, and goes on when there are some`() async {
        await #expect(processExitsWith: .success) {
            let loop = try EventLoop()
            let accepted = Promise<Void>()
            try await loop.run {
                let server = StreamProbe()
                let listener = try StreamListener(loop: loop, address: .ip("127.0.0.1", port: 0)) { stream in
                    stream.delegate = server
                    stream.startReading()
                    accepted.fulfil(())
                }
                let address = try #require(listener.address)
                _ = try ByteStream.connect(to: address, loop: loop, timeout: .seconds(10), delegate: StreamProbe())
                var hoard: [Int32] = []
                while case let descriptor = dup(0), descriptor >= 0, hoard.count < 100_000 { hoard.append(descriptor) }
                let timer = try LoopTimer(loop: loop) {
                    for descriptor in hoard { _ = close(descriptor) }
                }
                timer.arm(after: .milliseconds(20))
                // The loop is not spinning: a tick that waits for input ends it in time.
            }
            await accepted.wait()
            loop.stop()
        }
    }
}
