import Foundation
import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop
import WeaverRuntime

@Suite struct WeaverListenerTests {
    @Test func `a listener is served once, by whomever comes first`() async throws {
        try await withLoop { loop in
            let listener = try WeaverListener(name: "http", address: .ip("127.0.0.1", port: 0), loop: loop)
            _ = try listener.takeSocket(drain: nil)
            #expect(throws: ListenerError.self) { try listener.takeDescriptor() }
            #expect(throws: ListenerError.self) { _ = try listener.takeSocket(drain: nil) }
        }
    }

    @Test func `draining asks the server once, and nobody begins to serve afterwards`() async throws {
        try await withLoop { loop in
            let drains = Mutex(0)
            let served = try WeaverListener(name: "a", address: .ip("127.0.0.1", port: 0), loop: loop)
            _ = try served.takeSocket { drains.withLock { $0 += 1 } }
            await served.drain()
            await served.drain()
            #expect(drains.withLock { $0 } == 1)

            let unserved = try WeaverListener(name: "b", address: .ip("127.0.0.1", port: 0), loop: loop)
            await unserved.drain()
            #expect(throws: ListenerError.self) { _ = try unserved.takeSocket(drain: nil) }
        }
    }

    @Test func `clients are shown the proxy's address once there is one`() async throws {
        try await withLoop { loop in
            let listener = try WeaverListener(name: "http", address: .ip("127.0.0.1", port: 0), loop: loop)
            #expect(listener.description == listener.address)
            listener.exported(as: "127.0.0.1:80")
            #expect(listener.description == "127.0.0.1:80")
        }
    }

    @Test func `a server of another library takes the socket with those who have connected, and alone closes it`()
        async throws
    {
        try await withLoop { loop in
            try await withLoop { foreign in
                let (descriptor, client) = try await {
                    let listener = try WeaverListener(name: "http", address: .ip("127.0.0.1", port: 0), loop: loop)
                    let address = try #require(SocketAddress(listener.address))
                    let client = try await RawPeer.connect(to: address, loop: loop)
                    try await client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    let descriptor = try listener.takeDescriptor()
                    #expect(throws: ListenerError.self) { try listener.takeDescriptor() }
                    return (descriptor, client)
                }()
                // The listener is gone; its descriptor is not.
                #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
                let server = HTTPListenerServer(loop: foreign) { _, _, writer in
                    try await writer.respond(body: "taken over\n")
                }
                try await server.start(socket: try ListeningSocket(adopting: descriptor))
                let received = await client.receive { _, hasEnded in hasEnded }
                #expect(String(decoding: received, as: UTF8.self).hasSuffix("taken over\n"))
                try await client.close()
                try await server.close()
            }
        }
    }
}
