import TestSupport
import Testing

@testable import WeaverLoop

@Suite struct ProcessLimitsTests {
    @Test func `the limit of open files is raised as far as the system lets it, and children inherit it`() async throws
    {
        let limit = ProcessLimits.raiseOpenFiles()
        #expect(ProcessLimits.raiseOpenFiles() == limit)
        try await withLoop { loop in
            let probe = StreamProbe()
            try await loop.run {
                var pipe = try PipePair()
                let writeEnd = pipe.takeWriteEnd()
                defer { closeDescriptor(writeEnd) }
                var configuration = ChildProcess.Configuration(executable: "/bin/sh")
                configuration.arguments = ["-c", "ulimit -Sn; ulimit -Hn"]
                configuration.descriptors = [1: writeEnd]
                _ = try ChildProcess(loop: loop, configuration) { _ in }
                let stream = try ByteStream.adopt(pipe: pipe.takeReadEnd(), loop: loop)
                stream.delegate = probe
                stream.startReading()
            }
            let output = await probe.endOfInput.wait()
            _ = await probe.ended.wait()
            let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
            #expect(lines.first.flatMap { UInt($0) } == limit)
            let hard = lines.last.flatMap { UInt($0) } ?? .max
            #expect(limit == min(hard, ProcessLimits.openFiles))
        }
    }
}
