internal import WeaverCore
internal import WeaverLoop

/// A component of this process as the RPC server sees it. Everything that changes belongs to the loop's thread.
final class ServedComponent: Sendable {
    let name: String
    private let placement: CallPlacement
    private let labels: [StallLabel]
    // Set once, when the component has started, and read for each call: on the loop's thread only.
    private nonisolated(unsafe) var stub: ServerStub?
    // Nil for a component that is not routed. Unchecked: what is done to it calls nothing that could come back here, and
    // the check costs a third of the counting.
    @exclusivity(unchecked) private nonisolated(unsafe) var load: LoadRecorder?

    /// A component that has not started, and refuses calls.
    init(_ record: ImplementationRecord) {
        name = record.component.name
        placement = record.runsOn == .pool ? .pool : .loop
        unsafe load = record.isRouted ? LoadRecorder(component: record.component.name) : nil
        labels = record.component.methods.map { StallLabel.named("\(record.component.name).\($0.name)") }
    }

    /// The component takes calls from here on. On the loop's thread.
    func start(_ stub: ServerStub) {
        unsafe self.stub = stub
    }

    /// Counts the calls by the slices of `assignment`. On the loop's thread.
    func assign(_ assignment: Assignment, now: MonotonicTime) { unsafe load?.update(assignment, now: now) }

    /// What has been counted since the last time; nil where nothing is. On the loop's thread.
    func takeLoad(now: MonotonicTime) -> LoadReport? { unsafe load?.report(now: now) }

    /// Decodes a call's arguments. On the loop's thread.
    func dispatch(_ method: Int, arguments: inout WireDecoder) -> DispatchResult {
        // Certainly not run, so that the caller may ask another replica.
        guard let stub = unsafe stub else {
            return .fail(CallError(.unreachable, "\(name) has not started in this replica"))
        }
        do throws(WireError) {
            let invocation = try stub.invoke(method, &arguments)
            if let key = invocation.routingKey { unsafe load?.add(key) }
            return .run(on: placement, label: labels[method], work: invocation.run)
        } catch {
            return .fail(CallError(.badArguments, "the arguments cannot be read: \(error.message)", cause: error))
        }
    }
}
