internal import WeaverCore
internal import WeaverLoop

/// Constructs, starts and stops the components of one process.
package actor ComponentHost {
    /// How long one component's `stop()` may take, 5 s by default.
    package static let defaultStopBound = EndBounds.stop

    private let registry: ComponentRegistry
    private let hosted: Set<String>
    private let environment: any HostEnvironment
    private let stopBound: Duration

    private var starting: [String: Task<Running, any Error>] = [:]
    private var running: [Running] = []
    private var isStopping = false

    /// A component that has started.
    private struct Running: Sendable {
        let record: ImplementationRecord
        let implementation: any Implementation
        /// What refs of this process hold.
        let local: any Sendable
        let listeners: [WeaverListener]
    }

    /// A host that has nothing yet, for the components of `hosted` in a process of `environment`.
    package init(
        registry: ComponentRegistry, hosted: Set<String>, environment: any HostEnvironment,
        stopBound: Duration = ComponentHost.defaultStopBound
    ) {
        self.registry = registry
        self.hosted = hosted
        self.environment = environment
        self.stopBound = stopBound
    }

    // MARK: Starting

    /// Starts `components` that are not started yet, each after those of this process that it has refs to. Returns when
    /// the `start()` of each has returned. Throws ``ComponentStartError`` for the first that fails.
    package func start(_ components: [String]) async throws {
        for component in registry.graph.constructionOrder(of: Set(components)) {
            _ = try await started(component)
        }
    }

    /// The implementation of a component that has started.
    package func implementation(of component: String) -> (any Implementation)? {
        running.first { $0.record.component.name == component }?.implementation
    }

    /// What a ref to a component of this process holds; nil before it has started.
    package func localReference(to component: String) -> (any Sendable)? {
        running.first { $0.record.component.name == component }?.local
    }

    /// The addresses of the listeners of the components that have started, by name.
    package var listenerAddresses: [String: String] {
        Dictionary(
            running.flatMap(\.listeners).map { ($0.name, $0.address) }, uniquingKeysWith: { first, _ in first })
    }

    private func started(_ component: String) async throws -> Running {
        guard !isStopping else { throw ComponentStartError(component: component, reason: "the process is ending") }
        if let task = starting[component] { return try await task.value }
        guard hosted.contains(component), let record = registry.records[component] else {
            throw ComponentStartError(component: component, reason: "it does not belong to this process")
        }
        let task = Task(executorPreference: environment.loop) { try await self.start(record) }
        starting[component] = task
        return try await task.value
    }

    private func start(_ record: ImplementationRecord) async throws -> Running {
        do {
            let (resources, listeners) = try await resources(for: record)
            let context = ComponentContext(component: record.component.name, resources: resources)
            let implementation = try await record.construct(context)
            try await implementation.start()
            return try await publish(record, implementation, Array(listeners.values))
        } catch let error as ComponentStartError {
            throw error
        } catch {
            throw ComponentStartError(component: record.component.name, reason: "\(error)")
        }
    }

    /// From here on the component counts as started: it takes calls, and it will be stopped.
    private func publish(
        _ record: ImplementationRecord, _ implementation: any Implementation, _ listeners: [WeaverListener]
    ) async throws -> Running {
        let link = LocalLink(
            info: record.component, runsOn: record.runsOn, loops: environment.loops,
            calls: environment.telemetry.calls(of: record.component, isRemote: false))
        let started = Running(
            record: record, implementation: implementation, local: record.localStub(implementation, link),
            listeners: listeners)
        guard !isStopping else {
            // It has come too late for stop(), which has gone on without it, and has cancelled this task.
            _ = await Task { await stop(started) }.value
            throw ComponentStartError(component: record.component.name, reason: "the process is ending")
        }
        running.append(started)
        await environment.didStart(record, implementation)
        for listener in listeners { try await environment.export(listener, of: record.component.name) }
        return started
    }

    // MARK: What a component gets

    private func resources(
        for record: ImplementationRecord
    ) async throws -> (ConstructionResources, [String: WeaverListener]) {
        let configs = try environment.sections.values(for: record)
        var references: [String: any Sendable] = [:]
        for ref in record.references { references[ref.component] = try await reference(to: ref.component) }
        var listeners: [String: WeaverListener] = [:]
        for name in record.listeners { listeners[name] = try await environment.listen(name) }
        let resources = ConstructionResources(
            references: references, configs: configs, listeners: listeners,
            logger: environment.logger(for: record.component.name), replica: environment.replica)
        return (resources, listeners)
    }

    private func reference(to component: String) async throws -> any Sendable {
        guard let record = registry.records[component] else {
            throw ComponentStartError(component: component, reason: "nothing implements it")
        }
        // A component of this process is started even where calls to it take another way: others may be sent here.
        let local = hosted.contains(component) ? try await started(component).local : nil
        if let client = try await environment.client(of: record) { return record.clientStub(client) }
        guard let local else {
            throw ComponentStartError(component: component, reason: "it does not belong to this process")
        }
        return local
    }

    // MARK: Ending

    /// Stops accepting on all listeners; returns when nothing of theirs is in flight any more.
    package func drainListeners() async {
        let listeners = running.flatMap(\.listeners)
        await withTaskGroup { group in
            for listener in listeners { group.addTask { await listener.drain() } }
        }
    }

    /// Stops what has started, in reverse order of the refs. What is starting is cancelled, waited for within a bound, and
    /// stopped as soon as it has started all the same. Gives what went wrong.
    package func stop() async -> [ComponentStopProblem] {
        isStopping = true
        let starts = Array(starting.values)
        for task in starts { task.cancel() }
        _ = try? await DetachedCall.onLoop(environment.loop).run(within: EndBounds.lastStarts) {
            for start in starts { _ = try? await start.value }
        }
        var problems: [ComponentStopProblem] = []
        while let component = running.popLast() {
            if let problem = await stop(component) { problems.append(problem) }
        }
        return problems
    }

    private func stop(_ component: Running) async -> ComponentStopProblem? {
        let loop = environment.loop
        // A pool's component may block here too, which must not hold up the loop and with it the bound.
        let detached = DetachedCall(
            executor: component.record.runsOn == .pool ? globalConcurrentExecutor : loop, loop: loop)
        do {
            try await detached.run(within: stopBound) { try await component.implementation.stop() }
            return nil
        } catch let error as CallError where error.code == .deadlineExceeded {
            return ComponentStopProblem(
                component: component.record.component.name, reason: "stop() has not returned within \(stopBound)")
        } catch {
            return ComponentStopProblem(component: component.record.component.name, reason: "stop() threw: \(error)")
        }
    }
}

/// A component could not be started.
package struct ComponentStartError: Error, CustomStringConvertible {
    /// The component's full name.
    package let component: String
    /// What happened.
    package let reason: String

    /// `Shop.Products did not start: the key 'database' is missing`.
    package var description: String { "\(component) did not start: \(reason)" }
}

/// A component that did not stop as it should.
package struct ComponentStopProblem: Sendable, CustomStringConvertible {
    /// The component's full name.
    package let component: String
    /// What happened.
    package let reason: String

    /// `Shop.Products: stop() threw: ...`.
    package var description: String { "\(component): \(reason)" }
}
