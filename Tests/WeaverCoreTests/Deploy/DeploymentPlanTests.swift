import Testing

@testable import WeaverCore

@Suite struct DeploymentPlanTests {
    private let lemon = AppDescriptor(
        version: "b1",
        components: [
            .init(name: "Lemon.Products"),
            .init(name: "Lemon.Categories", refs: ["Lemon.CategoryCache"]),
            .init(name: "Lemon.CategoryCache", isRouted: true),
            .init(name: "main", refs: ["Lemon.Products", "Lemon.Categories"], listeners: ["lemon", "admin"]),
        ])

    @Test func `without colocate every component is a group of its own and main comes first`() {
        let plan = DeploymentPlan(application: "lemon", descriptor: lemon)
        #expect(plan.groups.map(\.name) == ["main", "Lemon.Products", "Lemon.Categories", "Lemon.CategoryCache"])
        #expect(plan.groups.allSatisfy { $0.replicas == 2 && $0.components == [$0.name] })
        #expect(plan.groups[0].listeners == ["admin", "lemon"])
        #expect(plan.version == "b1")
    }

    @Test func `the group of main comes first wherever the config names it`() {
        let plan = DeploymentPlan(
            application: "lemon", descriptor: lemon,
            colocate: [["Lemon.CategoryCache", "Lemon.Products"], ["Lemon.Categories", "main"]])
        #expect(
            plan.groups.map(\.components) == [
                ["Lemon.Categories", "main"], ["Lemon.CategoryCache", "Lemon.Products"],
            ])
        #expect(plan.groups[0].name == "Lemon.Categories")
        #expect(plan.groupIndex(of: "main") == 0)
        #expect(plan.group(of: "Lemon.Products")?.name == "Lemon.CategoryCache")
        #expect(plan.group(of: "Lemon.Nothing") == nil)
    }

    @Test func `replicas are given by any member of a group`() {
        let plan = DeploymentPlan(
            application: "lemon", descriptor: lemon, colocate: [["main", "Lemon.Categories"]], replicas: 4,
            groupReplicas: ["Lemon.Categories": 3, "Lemon.Products": 0])
        #expect(plan.group(of: "main")?.replicas == 3)
        #expect(plan.group(of: "Lemon.Products")?.replicas == 1)
        #expect(plan.group(of: "Lemon.CategoryCache")?.replicas == 4)
    }

    @Test func `a group reaches what its own components hold and nothing further`() {
        let plan = DeploymentPlan(
            application: "lemon", descriptor: lemon, colocate: [["main", "Lemon.Categories"]])
        #expect(plan.groups[0].reachable == ["Lemon.Categories", "Lemon.CategoryCache", "Lemon.Products"])
        #expect(plan.groups[0].reachableRouted == ["Lemon.CategoryCache"])
        #expect(
            DeploymentPlan(application: "", descriptor: lemon).groups[0].reachable
                == ["Lemon.Categories", "Lemon.Products"])
        #expect(plan.group(of: "Lemon.Products")?.reachable == [])
        #expect(plan.routed == ["Lemon.CategoryCache"])
    }

    @Test func `names that the binary does not have and second mentions are left out`() {
        let plan = DeploymentPlan(
            application: "lemon", descriptor: lemon,
            colocate: [["Lemon.Gone"], ["main", "Lemon.Products", "main"], ["Lemon.Products", "Lemon.Categories"]])
        #expect(
            plan.groups.map(\.components) == [
                ["main", "Lemon.Products"], ["Lemon.Categories"], ["Lemon.CategoryCache"],
            ])
    }
}
