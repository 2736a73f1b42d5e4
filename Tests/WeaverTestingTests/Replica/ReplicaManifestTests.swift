import Testing
import WeaverRuntime

@testable import WeaverTesting

@Suite struct ReplicaManifestTests {
    @Test func `another process makes the same choice of what it is told`() throws {
        let application = try TestApplication(
            components: Kitchen.components, fakes: [TestLedger()], config: Kitchen.config)
        let manifest = try ReplicaManifest(application)
        let read = ReplicaManifest(text: manifest.text[...])
        #expect(read == manifest)
        #expect(read.listed.count == 3 && read.faked == ["WeaverTestingTests.Ledger"])
        let registry = try read.registry(of: LinkedRecords.all)
        #expect(registry.graph.constructionOrder == application.registry.graph.constructionOrder)
    }

    @Test func `nothing listed and nothing faked is read as that`() {
        let read = ReplicaManifest(text: ";")
        #expect(read.listed.isEmpty && read.faked.isEmpty)
    }
}
