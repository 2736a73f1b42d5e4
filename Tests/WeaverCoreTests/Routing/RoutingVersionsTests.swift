import Testing
import WeaverCore

@Suite struct RoutingVersionsTests {
    private func info(_ component: String, version: UInt64?) -> RoutingInfo {
        RoutingInfo(
            component: component, replicas: [],
            assignment: version.map { .equalSlices(version: $0, replicas: ["a"]) })
    }

    @Test func `an assignment that is older than one that was taken over is skipped, for its component only`() {
        var versions = RoutingVersions()
        let order: [UInt64] = [3, 2, 3, 4, 3]
        let accepted = order.map { versions.accepts(info("A", version: $0)) }
        #expect(accepted == [true, false, true, true, false])
        let other = versions.accepts(info("B", version: 1))
        #expect(other)
    }

    @Test func `info without an assignment is always taken over`() {
        var versions = RoutingVersions()
        _ = versions.accepts(info("A", version: 3))
        let accepted = versions.accepts(info("A", version: nil))
        #expect(accepted)
    }
}
