import Synchronization
import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite(.timeLimit(.minutes(1)))
struct OutgoingPipeTests {
    @Test func `entries of any size and number arrive, are cut or are counted, and the pipe lives on`() async throws {
        let log = try await withLoop { loop in
            let registry = try Orchard.registry()
            let deployer = PipeDeployer(loop: loop)
            let journal = Journal()
            let log = try await Journal.$current.withValue(journal) {
                let stock = try await deployer.launch(
                    "stock", group: [Orchard.stock], reachable: [], registry: registry,
                    sections: [Orchard.stock: "apples = 10"])
                let end = Task { await stock.run() }
                let huge = LogEntry(
                    time: 0, level: .info, component: "main", message: String(byteCount: 70 << 20))
                stock.log.write(huge)
                let many = LogEntry(
                    time: 0, level: .info, component: "main",
                    message: String(letter: UInt8(ascii: "y"), byteCount: 5000))
                for _ in 0..<10_000 { stock.log.write(many) }
                await stock.log.flush(within: .seconds(30))
                #expect(await deployer.request("stock", .healthCheck) == .health)
                await deployer.send("stock", .shutdown)
                #expect(await end.value == 0)
                await deployer.waitForTheEnd()
                return stock.log
            }
            let entries = deployer.entries
            #expect(entries.first?.message.hasSuffix("bytes)") == true)
            let arrived = entries.count { $0.message.hasPrefix("y") }
            #expect(arrived + deployer.entriesDropped == 10_000)
            #expect(entries.allSatisfy { $0.size <= LogEntry.maximumSize })
            return log
        }
        // Its loop has ended: there is nothing to wait for.
        await log.flush(within: .seconds(600))
    }
}
