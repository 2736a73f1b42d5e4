import TestSupport
import Testing
import WeaverCore

@testable import WeaverLoop

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct SignalSourceTests {
    @Test func `everyone who watches a signal hears of it, each until closed`() async throws {
        try await withLoop { loop in
            let (first, second) = (Promise<Int32>(), Promise<Int32>())
            let sources = try await loop.run {
                Sources(
                    all: try [first, second].map { promise in
                        try SignalSource(loop: loop, signal: SIGUSR2) { promise.fulfil($0) }
                    })
            }
            kill(getpid(), SIGUSR2)
            let heard = await (first.wait(), second.wait())
            #expect(heard == (SIGUSR2, SIGUSR2))
            try await loop.run { for source in sources.all { source.close() } }
        }
    }

    @Test func `a signal that cannot be watched is an error`() async throws {
        try await withLoop { loop in
            try await loop.run {
                let error = #expect(throws: UVError.self) {
                    _ = try SignalSource(loop: loop, signal: SIGKILL) { _ in }
                }
                #expect(error?.name == "EINVAL")
            }
        }
    }
}

private struct Sources: @unchecked Sendable {
    // Used on the loop's thread only.
    let all: [SignalSource]
}
