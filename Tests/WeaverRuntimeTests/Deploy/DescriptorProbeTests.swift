import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite(.timeLimit(.minutes(1)))
struct DescriptorProbeTests {
    /// Probes a shell script; `descriptor` is the name of a file with a descriptor.
    private func probe(_ script: String, timeout: Duration = DescriptorProbe.timeout) async throws -> AppDescriptor {
        try await withTemporaryFolder { folder in
            let descriptor = AppDescriptor(version: "1", components: [.init(name: "main")])
            try put(DescriptorCodec.encode(descriptor), at: folder + "/descriptor")
            let program = Envelope.Program(
                executable: "/bin/sh", arguments: ["-c", "cd \(folder)\n\(script)"], environment: ["PATH=/usr/bin:/bin"]
            )
            return try await withLoop { loop in
                try await DescriptorProbe.describe(program, timeout: timeout, loop: loop)
            }
        }
    }

    @Test func `a binary that does not end is killed with what it has started, and told of`() async throws {
        let error = await #expect(throws: DescriptorProbe.Failure.self) {
            // The outputs end only when the grandchild has gone, too; the probe waits for that.
            _ = try await probe("trap '' HUP TERM; sleep 1000 & sleep 1000", timeout: .milliseconds(200))
        }
        #expect(error?.description.contains("did not describe itself within 0.2 seconds") == true)
        #expect(DescriptorProbe.timeout == .seconds(5))
    }

    @Test func `a binary that dies of the search for config keys is asked again without`() async throws {
        let crash = "[ -n \"$WEAVER_DESCRIBE_OPEN\" ] || kill -ILL $$; cat descriptor >&$WEAVER_DESCRIBE"
        let descriptor = try await probe(crash)
        #expect(descriptor.components.map(\.name) == ["main"])
    }

    @Test func `a binary that always dies is told of with its signal`() async throws {
        let error = await #expect(throws: DescriptorProbe.Failure.self) {
            _ = try await probe("echo lost >&2; kill -SEGV $$")
        }
        #expect(error?.description.contains("signal 11") == true)
        #expect(error?.description.contains("lost") == true)
    }
}
