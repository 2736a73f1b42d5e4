import TestSupport
import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite struct WeaveletTests {
    /// Two weavelets with pipes and RPC of their own, in one process and on one loop: stock; main with till.
    private func withOrchard(
        _ journal: Journal, refusing refusals: Int = 0, callSocket: String? = nil,
        _ body: (PipeDeployer, _ ends: (stock: Task<Int32, Never>, app: Task<Int32, Never>)) async throws -> Void
    ) async throws {
        let registry = try Orchard.registry()
        try await withLoop { loop in
            let deployer = PipeDeployer(loop: loop, refusing: refusals)
            try await Journal.$current.withValue(journal) {
                let stock = try await deployer.launch(
                    "stock", group: [Orchard.stock], reachable: [], registry: registry,
                    sections: [Orchard.stock: "apples = 10"], callSocket: callSocket)
                let app = try await deployer.launch(
                    "app", group: [ComponentRegistry.main, Orchard.till], reachable: [Orchard.stock],
                    registry: registry)
                let ends = (stock: Task { await stock.run() }, app: Task { await app.run() })
                try await body(deployer, ends)
                await deployer.waitForTheEnd()
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `components of two processes call each other, and end in the deployer's order`() async throws {
        let journal = Journal(life: .payAndWait)
        try await withOrchard(journal) { deployer, ends in
            // The app comes first: its call waits until stock has a replica that has started.
            let app = await deployer.request("app", .componentsToStart([ComponentRegistry.main, Orchard.till]))
            #expect(app == .done)
            #expect(deployer.componentsAsked == [Orchard.stock])
            let stock = await deployer.request("stock", .componentsToStart([Orchard.stock]))
            #expect(stock == .done)
            try await eventually("waiting in \(journal.all)") { journal.all.contains("waiting") }
            #expect(journal.all.contains("serve: left: 8"))
            #expect(Set(journal.all).isSuperset(of: Orchard.endings))

            #expect(await deployer.request("app", .drain) == .done)
            #expect(!journal.all.contains("stop till"))
            #expect(await deployer.request("stock", .drain) == .done)
            await deployer.send("app", .shutdown)
            #expect(await ends.app.value == 0)
            await deployer.send("stock", .shutdown)
            #expect(await ends.stock.value == 0)
            #expect(journal.all.suffix(3) == ["stop main", "stop till", "stop stock"])
            try await eventually("the entry") { deployer.entries.contains { $0.message == "paid" } }
            let entry = try #require(deployer.entries.first { $0.message == "paid" })
            #expect(entry.component == ComponentRegistry.main)
            #expect(entry.attributes == ["apples": "2"])
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: [true, false])
    func `calls come in on the socket that the deployer names, and on a port where that cannot be`(
        isFree: Bool
    ) async throws {
        let folder = try SocketFolder.make(environment: [:])
        defer { folder.remove() }
        let socket = folder.socketPath(ofReplica: "stock")
        let other = isFree ? nil : try ListeningSocket(address: .unix(socket))
        let journal = Journal(life: .payAndWait)
        try await withOrchard(journal, callSocket: socket) { deployer, ends in
            #expect(await deployer.address(of: Orchard.stock) == .unix(socket) || !isFree)
            #expect(await deployer.address(of: Orchard.stock)?.host == "127.0.0.1" || isFree)
            #expect(await deployer.request("stock", .componentsToStart([Orchard.stock])) == .done)
            #expect(
                await deployer.request("app", .componentsToStart([ComponentRegistry.main, Orchard.till])) == .done)
            try await eventually("the call in \(journal.all)") { journal.all.contains("serve: left: 8") }
            #expect(isFree || deployer.entries.contains { $0.level == .warning && $0.message.contains(socket) })
            for (replica, end) in [("app", ends.app), ("stock", ends.stock)] {
                await deployer.send(replica, .shutdown)
                #expect(await end.value == 0)
            }
        }
        withExtendedLifetime(other) {}
    }

    @Test(.timeLimit(.minutes(1)))
    func `a deployer that refuses a component is asked again`() async throws {
        let journal = Journal(life: .payAndWait)
        try await withOrchard(journal, refusing: 1) { deployer, ends in
            #expect(await deployer.request("stock", .componentsToStart([Orchard.stock])) == .done)
            #expect(
                await deployer.request("app", .componentsToStart([ComponentRegistry.main, Orchard.till])) == .done)
            try await eventually("waiting in \(journal.all)") { journal.all.contains("waiting") }
            #expect(deployer.componentsAsked == [Orchard.stock, Orchard.stock])
            await deployer.send("app", .shutdown)
            #expect(await ends.app.value == 0)
            await deployer.send("stock", .shutdown)
            #expect(await ends.stock.value == 0)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a component is not stopped under a call that another process makes`() async throws {
        let journal = Journal(life: .callForEver)
        try await withOrchard(journal) { deployer, ends in
            #expect(await deployer.request("stock", .componentsToStart([Orchard.stock])) == .done)
            #expect(
                await deployer.request("app", .componentsToStart([ComponentRegistry.main, Orchard.till])) == .done)
            try await eventually("hanging in \(journal.all)") { journal.all.contains("hanging") }
            // Without a drain before: the call is cancelled, and only then the component is stopped.
            await deployer.send("stock", .shutdown)
            #expect(await ends.stock.value == 0)
            let end = journal.all.filter { ["hang cancelled", "stop stock"].contains($0) }
            #expect(end == ["hang cancelled", "stop stock"])
            await deployer.send("app", .shutdown)
            #expect(await ends.app.value == 0)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a component that does not start is told to the deployer, and the process ends with 1`() async throws {
        let journal = Journal(failingStart: "stock")
        try await withOrchard(journal) { deployer, ends in
            let reply = await deployer.request("stock", .componentsToStart([Orchard.stock]))
            guard case .refused(let reason) = reply else {
                Issue.record("\(String(describing: reply))")
                return
            }
            #expect(reason.contains("\(Orchard.stock) did not start"))
            #expect(await ends.stock.value == 1)
            await deployer.send("app", .shutdown)
            #expect(await ends.app.value == 0)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a weavelet whose deployer is gone stops its components and ends by itself`() async throws {
        let journal = Journal()
        try await withOrchard(journal) { deployer, ends in
            #expect(await deployer.request("stock", .componentsToStart([Orchard.stock])) == .done)
            await deployer.abandon("stock")
            #expect(await ends.stock.value == 3)
            #expect(journal.all == ["start stock", "stop stock"])
            await deployer.abandon("app")
            #expect(await ends.app.value == 3)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a replica tells the load of what it hosts, by the slices that it was told of, each call once`() async throws {
        let record = PoolStructShop.implementationRecord
        let shop = record.component.name
        let registry = try Orchard.registry(with: [record])
        try await withLoop { loop in
            let deployer = PipeDeployer(loop: loop)
            let weavelet = try await deployer.launch("shop", group: [shop], reachable: [], registry: registry)
            let end = Task { await weavelet.run() }
            #expect(await deployer.request("shop", .componentsToStart([shop])) == .done)
            #expect(await deployer.request("shop", .reportLoad) == .load([]))
            let slices = Assignment.equalSlices(version: 2, replicas: ["shop", "gone"])
            await deployer.send("shop", .routingInfo(RoutingInfo(component: shop, replicas: [], assignment: slices)))
            // In the pipe's order: it is told when this is answered.
            _ = await deployer.request("shop", .reportLoad)

            let peers = try deployer.peers(reachable: [shop])
            let address = try #require(await deployer.address(of: shop))
            peers.update(component: shop, addresses: [address])
            let transport = ReplicaTransport(
                info: record.component, replicas: peers.replicas(of: shop), defaultDeadline: .seconds(60))
            let client = record.clientStub(ComponentClient(info: record.component, transport: transport))
            let reference = try #require(client as? any Shop)
            for id in 0..<200 { _ = try await reference.get(id) }
            // A call without a key is nobody's load.
            _ = try await reference.pair((1, name: "x"))

            let report = try #require(await load(of: "shop", deployer))
            #expect(report.component == shop && report.version == 2)
            let keys = (0..<200).compactMap { RoutingHasher.hash($0) }
            #expect(
                report.slices.map(\.calls)
                    == [keys.count { $0 >> 63 == 0 }, keys.count { $0 >> 63 == 1 }].map(UInt64.init))
            #expect(report.slices.map(\.first) == [0, 1 << 63])
            let again = try #require(await load(of: "shop", deployer))
            #expect(again.slices.isEmpty)
            await peers.close()
            await deployer.send("shop", .shutdown)
            #expect(await end.value == 0)
            await deployer.waitForTheEnd()
        }
    }

    /// The next report; there is none before a millisecond has passed.
    private func load(of replica: String, _ deployer: PipeDeployer) async -> LoadReport? {
        while case .load(let reports, nil) = await deployer.request(replica, .reportLoad) {
            if let report = reports.first { return report }
        }
        return nil
    }
}
