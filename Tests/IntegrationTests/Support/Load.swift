import Foundation
import Testing

/// `wrk` with 64 connections of GETs, as long as a test wants it.
final class Load {
    /// What it has seen.
    struct Outcome: Equatable {
        var requests = 0
        /// Answers that were neither 2xx nor 3xx.
        var refused = 0
        /// Connections that broke, or did not answer in time.
        var broken = 0
    }

    /// How many connections there are.
    static let connections = 64
    private let program: Program

    /// Executes what it is given. Processes inherit the signals that the thread blocks which starts them, and those of
    /// tests may block all; wrk is ended by one.
    private static let unblocked = """
        import os, signal, sys
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        os.execvp(sys.argv[1], sys.argv[1:])
        """

    /// Begins.
    init(_ target: String, port: UInt16, in sandbox: Sandbox) throws {
        program = try Program(
            "/usr/bin/env",
            [
                "python3", "-c", Self.unblocked, "wrk", "-t1", "-c\(Self.connections)", "-d600s", "--timeout", "20s",
                "http://127.0.0.1:\(port)\(target)",
            ],
            in: sandbox)
    }

    deinit {
        program.signal(SIGKILL)
    }

    /// Ends it, and gives what it has seen.
    func end() async throws -> Outcome {
        try #require(program.isRunning, "wrk has ended by itself: \(program.errors)")
        program.signal(SIGINT)
        _ = try await program.exitCode()
        var outcome = Outcome()
        for line in program.output.split(separator: "\n") {
            let words = line.split { " ,".contains($0) }
            if words.count > 3, words[1] == "requests", words[2] == "in" { outcome.requests = Int(words[0]) ?? 0 }
            if line.contains("Non-2xx") { outcome.refused = words.last.flatMap { Int($0) } ?? -1 }
            if line.contains("Socket errors:") { outcome.broken = words.compactMap { Int($0) }.reduce(0, +) }
        }
        try #require(outcome.requests > 0, "\(program.output)\(program.errors)")
        return outcome
    }
}

/// Threads that post, each over a connection of its own and one id after another, as long as a test wants it.
final class Posts: @unchecked Sendable {
    // @unchecked: what the threads share is behind the lock.
    private let lock = NSLock()
    private var isOver = false
    private var posted: [Int] = []
    private let threads: Task<[any Error], Never>

    /// Begins. Of each request what fails is a failure: nothing is sent again.
    init(threads count: Int, port: UInt16) {
        let box = Box()
        threads = Task {
            await onThreads(count) { thread in
                let posts = box.wait()
                let http = try HTTPConnection(port: port)
                var id = (thread + 1) * 1_000_000
                while !posts.lock.withLock({ posts.isOver }) {
                    let answer = try http.request("POST", "/category", #"{"id": \#(id), "name": "\#(id)"}"#)
                    guard answer.status == 201 else {
                        throw ConnectionError(description: "\(id) was answered with \(answer.status): \(answer.body)")
                    }
                    posts.lock.withLock { posts.posted.append(id) }
                    id += 1
                }
            }
        }
        box.put(self)
    }

    /// Ends it; gives the ids that were answered with 201, and what went wrong.
    func end() async -> (ids: [Int], errors: [any Error]) {
        lock.withLock { isOver = true }
        let errors = await threads.value
        return (lock.withLock { posted }, errors)
    }
}

/// Hands an object that is still being made to threads that wait for it.
private final class Box: @unchecked Sendable {
    // @unchecked: behind the condition.
    private let condition = NSCondition()
    private var posts: Posts?

    func put(_ posts: Posts) {
        condition.withLock {
            self.posts = posts
            condition.broadcast()
        }
    }

    func wait() -> Posts {
        condition.withLock {
            while true {
                if let posts { return posts }
                condition.wait()
            }
        }
    }
}
