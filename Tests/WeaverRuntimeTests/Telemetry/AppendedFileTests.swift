import Testing

@testable import WeaverRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Files of traces and access logs, whatever becomes of them meanwhile.
@Suite(.timeLimit(.minutes(1))) struct AppendedFileTests {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `what a full disk does not take is counted, and told when there is room`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/log"
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
            let sink = try TerminalSink(appendingTo: path, "the log") { "lost \($0)\n" }
            for number in 1...3 { sink.put { "line \(number)\n" } }
            await sink.flush(within: .seconds(30))
            try FileManager.default.removeItem(atPath: path)
            sink.put { "line 4\n" }
            await sink.flush(within: .seconds(30))
            #expect(try text(path) == "lost 3\nline 4\n")
        }
    }

    @Test func `a file that was removed or renamed is made anew`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/log"
            let sink = try TerminalSink(appendingTo: path, "the log")
            sink.put { "1\n" }
            await sink.flush(within: .seconds(30))
            try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
            sink.put { "2\n" }
            await sink.flush(within: .seconds(30))
            #expect(try text(path + ".old") == "1\n" && text(path) == "2\n")
            try FileManager.default.removeItem(atPath: path)
            sink.put { "3\n" }
            await sink.flush(within: .seconds(30))
            #expect(try text(path) == "3\n")
        }
    }

    @Test func `a file that cannot be opened says which and why`() {
        let error = #expect(throws: CannotOpen.self) { try TerminalSink(appendingTo: "/nowhere/log", "the log") }
        #expect(error?.description == "the log /nowhere/log cannot be opened: No such file or directory")
    }
}
