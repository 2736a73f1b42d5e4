import Foundation
import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct ListeningSocketTests {
    @Test func `what connects before anything accepts is kept and accepted later`() async throws {
        let socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
        #expect(socket.address.port != 0)
        try await withLoop { loop in
            await withCheckedContinuation { continuation in
                loop.execute {
                    let client = ConnectOnly { continuation.resume() }
                    _ = try? ByteStream.connect(to: socket.address, loop: loop, timeout: .seconds(5), delegate: client)
                }
            }
            let address = await withCheckedContinuation { continuation in
                loop.execute {
                    var listener: StreamListener?
                    listener = try? StreamListener(loop: loop, adopting: socket) { stream in
                        stream.close()
                        continuation.resume(returning: listener?.address)
                        listener?.close()
                    }
                }
            }
            #expect(address == socket.address)
        }
    }

    @Test func `an address in use is told at once`() throws {
        let socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
        let error = #expect(throws: UVError.self) { _ = try ListeningSocket(address: socket.address) }
        #expect(error?.isAddressInUse == true)
    }

    @Test func `the file of a socket that somebody left behind is replaced, and nothing else is`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/s"
            var left: ListeningSocket?
            for _ in 0..<4 {
                left = nil
                // A child of another test has the descriptor, too, from its fork until it executes its program.
                try await eventually("nobody listens any more") {
                    left = try? ListeningSocket(address: .unix(path))
                    return left != nil
                }
            }
            let socket = try #require(left)
            let error = #expect(throws: UVError.self) { _ = try ListeningSocket(address: .unix(path)) }
            #expect(error?.isAddressInUse == true)
            #expect(socket.address == .unix(path))
            let file = "\(folder)/text"
            try #require(FileManager.default.createFile(atPath: file, contents: Data("kept".utf8)))
            #expect(throws: UVError.self) { _ = try ListeningSocket(address: .unix(file)) }
            #expect(FileManager.default.contents(atPath: file) == Data("kept".utf8))
        }
    }

    @Test func `a descriptor is handed out once, so that two never accept from it`() async throws {
        let socket = try ListeningSocket(address: .ip("127.0.0.1", port: 0))
        try await withLoop { loop in
            try await loop.run {
                try StreamListener(loop: loop, adopting: socket) { $0.close() }.close()
                #expect(socket.takeDescriptor() == nil)
                #expect(throws: UVError.self) { _ = try StreamListener(loop: loop, adopting: socket) { $0.close() } }
            }
        }
    }
}

/// A client that closes as soon as it is connected.
private final class ConnectOnly: ByteStreamDelegate {
    private let connected: () -> Void

    init(_ connected: @escaping () -> Void) { self.connected = connected }

    func streamDidConnect(_ stream: ByteStream) {
        connected()
        stream.close()
    }

    func stream(_ stream: ByteStream, didRead bytes: RawSpan) {}
    func streamDidReachEnd(_ stream: ByteStream) {}
    func streamDidClose(_ stream: ByteStream, error: UVError?) {}
}
