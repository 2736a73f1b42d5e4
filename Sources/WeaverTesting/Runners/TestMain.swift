internal import Synchronization
internal import WeaverRuntime

/// The main component of a deployment that a test runs: it has a ref to every other component, for the test, and does
/// nothing until it is ended.
final class TestMain: Main {
    /// What its refs hold, by interface, once it was constructed.
    final class References: Sendable {
        private let held = Mutex([ObjectIdentifier: any Sendable]())

        var all: [ObjectIdentifier: any Sendable] { held.withLock { $0 } }

        func set(_ references: [ObjectIdentifier: any Sendable]) { held.withLock { $0 = references } }
    }

    /// Its record, with refs to the components of `registry`, which `references` gets.
    static func record(of registry: ComponentRegistry, _ references: References) -> ImplementationRecord {
        let records = registry.records.values.sorted { $0.component.name < $1.component.name }
        return ImplementationRecord(
            standIn: MainComponent.self, implementation: "the test", location: SourceLocation(#fileID, #line),
            references: records.map { reference(to: $0.descriptor) }
        ) { context in
            var found: [ObjectIdentifier: any Sendable] = [:]
            for record in records { found[record.interface] = context.resources.reference(to: record.component.name) }
            references.set(found)
            return TestMain()
        }
    }

    private static func reference<D: ComponentDescriptor>(to descriptor: D.Type) -> RefInfo {
        RefInfo(D.info.name, descriptor)
    }

    func serve() async throws {
        // An hour is as good as any other time: it ends by cancellation.
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
