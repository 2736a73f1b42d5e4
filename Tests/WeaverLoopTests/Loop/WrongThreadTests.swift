import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

@Suite struct WrongThreadTests {
    @Test func `a handle made on another thread traps with its name and the call`() async throws {
        let result = try await #require(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let loop = try EventLoop()
            _ = try LoopTimer(loop: loop) {}
        }
        #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("timer.init was used from"))
    }

    @Test func `a handle used on another thread traps with its name and the call`() async throws {
        let result = try await #require(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            let loop = try EventLoop()
            let stream = Box<ByteStream>()
            try await loop.run {
                var pipe = try PipePair()
                stream.value = try ByteStream.adopt(pipe: pipe.takeWriteEnd(), loop: loop)
            }
            stream.value?.write { $0.append([1]) }
        }
        #expect(
            String(decoding: result.standardErrorContent, as: UTF8.self).contains("pipe stream.write was used from"))
    }

    @Test func `a loop that waits for its own end traps`() async throws {
        await #expect(processExitsWith: .failure) {
            let loop = try EventLoop()
            try await loop.run { loop.stop() }
        }
    }
}

/// Carries a handle out of the loop, for the tests that use it wrongly.
private final class Box<Value>: @unchecked Sendable {
    // Written and read one after the other.
    var value: Value?
}
