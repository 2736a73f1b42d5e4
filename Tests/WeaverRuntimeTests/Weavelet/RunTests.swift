import Testing
import WeaverRuntime

/// An application that ends at once.
@Implements(Main.self)
struct BriefApp: Main {
    @Ref var placed: any Placed

    func serve() async throws {
        guard try await placed.threads().count == 3 else { throw PlainError() }
    }
}

@Suite("Weaver.run(components:)")
struct RunTests {
    @Test("runs what is listed, though more is linked in, and ends with 0")
    func listed() async {
        await #expect(processExitsWith: .success) {
            await Weaver.run(components: [BriefApp.self, LoopStruct.self])
        }
    }

    @Test("without a list, all that is linked in is found, and said to be too much")
    func linked() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            await Weaver.run()
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        // Each module of tests may have one.
        #expect(try text.contains(Regex(#"main has \d implementations: .*WeaverRuntimeTests\.BriefApp"#)))
    }
}
