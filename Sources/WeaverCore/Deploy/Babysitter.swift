/// The brain of a deployment: hears what happens, says what to do, and does nothing itself.
///
/// Overview. A deployment is a ``DeploymentPlan``: groups with so many replicas each. Each replica of a group is a
/// ``ReplicaSlot``, in which processes live one after another. The group of `main` is started at once, after the
/// listeners' proxies; every other group when a component of it is first asked for.
///
///     slot state    event                     next state      besides
///     idle          its group is started      starting        spawn, setup
///     starting      info, then started        ready           routing, proxies
///     starting      started refused           leaving         its process ends by itself, or is killed
///     ready         no answer to health       suspended       out of routing and proxies
///     suspended     an answer                 ready           back
///     any           it says that it ends      leaving         out of routing and proxies
///     leaving       it is still there         killed
///     any           its process ends          waiting         out of routing and proxies; see RestartPolicy
///     waiting       the time has come         starting        spawn, setup
///     waiting       it has died too often     given up        told to the user
///     any           another has its place     retiring        out of routing and proxies; see Babysitter+Restart
///     any           the deployment stops      stopping        see Teardown
///
/// Operation. Every method takes an event and `now`; the actions that have to be performed are then taken with
/// ``takeActions()``. ``nextDeadline`` says when ``tick(now:)`` wants to be called, at the latest. Randomness comes
/// from the seed given at the beginning.
package struct Babysitter: Sendable {
    /// Named bounds, and their defaults.
    package struct Limits: Equatable, Sendable {
        package var restart = RestartPolicy.Limits()
        /// How long a process may take from its start until its components have started. 60 s.
        package var start = Duration.seconds(60)
        /// How often a replica is asked whether it lives. 2 s.
        package var healthInterval = Duration.seconds(2)
        /// Without an answer for this long a replica gets no more work. 5 s.
        package var suspendAfter = Duration.seconds(5)
        /// Without an answer for this long it is killed, and started again. 30 s.
        package var killAfter = Duration.seconds(30)
        /// How long the first assignment of a routed component waits for all replicas of its group, so that no key
        /// moves while they come up one after the other. 10 s.
        package var firstAssignment = Duration.seconds(10)
        /// How often replicas of routed components are asked for their load, which slices are moved by. 5 s.
        package var loadInterval = Duration.seconds(5)
        /// How long ``Babysitter/collectLoad(now:)`` waits for the reports of replicas that have been asked. 1 s.
        package var loadAnswer = Duration.seconds(1)
        package var assigner = Assigner.Limits()
        /// How long a rolling restart waits for the new process of one replica to be ready and well, however often it is
        /// started meanwhile; past it the restart ends, and the old ones serve on. 60 s.
        package var replacement = Duration.seconds(60)

        package init() {}
    }

    /// A process by the replica id that it was given; a new process of the same slot has another.
    package typealias ReplicaID = String

    let plan: DeploymentPlan
    let sections: [String: String]
    let deadline: Duration
    let deployment: String
    let secret: [UInt8]
    let limits: Limits
    var generator: SeededGenerator
    var actions: [Action] = []
    var groups: [GroupState]
    var listeners: [String: ListenerState] = [:]
    /// Replicas that want to hear of a component's replicas.
    var subscribers: [String: [ReplicaID]] = [:]
    /// Who serves which keys, for each routed component whose group is assigned.
    var assigners: [String: Assigner] = [:]
    /// Those who wait for a fresh report of each replica.
    var collections: [LoadCollection] = []
    var lastCollection: UInt64 = 0
    /// What the subscribers of a component were told last.
    var announced: [String: RoutingInfo] = [:]
    /// The slot in which the process of a replica id lives.
    var positions: [ReplicaID: SlotPosition] = [:]
    var phase = Phase.starting
    /// The rolling restart that is under way.
    var restart: RollingRestart?

    struct SlotPosition: Sendable { let group: Int, slot: Int }

    struct GroupState: Sendable {
        let plan: DeploymentPlan.Group
        var isStarted = false
        /// Whether its routed components have had their first assignment: each replica has started or failed once, or
        /// ``Limits/firstAssignment`` has passed.
        var isAssigned = false
        /// When ``Limits/firstAssignment`` will have passed.
        var assignedBy = MonotonicTime(nanoseconds: 0)
        /// When its replicas are asked for their load; nil when none of its components is routed.
        var nextLoadRound: MonotonicTime?
        var slots: [ReplicaSlot]
        let teardown: Teardown

        init(_ plan: DeploymentPlan.Group, restart: RestartPolicy.Limits) {
            self.plan = plan
            slots = (0..<plan.replicas).map { _ in ReplicaSlot(policy: RestartPolicy(limits: restart)) }
            teardown = Teardown(components: plan.components.count)
        }
    }

    /// - Parameters:
    ///   - sections: config sections by full component name, as TOML text.
    ///   - deadline: the default bound of a call.
    ///   - deployment: the deployment's id, a UUID.
    ///   - secret: ``SetupInfo/secretLength`` random bytes.
    ///   - seed: for ids and jitter.
    package init(
        plan: DeploymentPlan, sections: [String: String], deadline: Duration, deployment: String, secret: [UInt8],
        seed: UInt64, limits: Limits = Limits()
    ) {
        self.plan = plan
        self.sections = sections
        self.deadline = deadline
        self.deployment = deployment
        self.secret = secret
        self.limits = limits
        generator = SeededGenerator(seed: seed)
        groups = plan.groups.map { GroupState($0, restart: limits.restart) }
    }

    /// The actions since the last call, to be performed in this order.
    package mutating func takeActions() -> [Action] {
        let taken = actions
        actions = []
        return taken
    }

    // MARK: Beginning

    /// The deployment begins: the proxies first, so that an address in use is known before anything is started.
    package mutating func start(now: MonotonicTime) {
        for name in Set(plan.groups.flatMap(\.listeners)).sorted() {
            let address = plan.listeners[name] ?? .ip("127.0.0.1", port: 0)
            listeners[name] = ListenerState(configured: address)
            actions.append(.startProxy(listener: name, address: address))
        }
        startMainIfProxiesAreUp(now: now)
    }

    mutating func startMainIfProxiesAreUp(now: MonotonicTime) {
        guard phase == .starting, listeners.values.allSatisfy({ $0.address != nil }) else { return }
        phase = .running
        if let main = plan.groupIndex(of: AppDescriptor.main) {
            startGroup(main, now: now)
        } else {
            end(code: 1, reason: "the application has no main component")
        }
    }

    // MARK: Time

    /// When ``tick(now:)`` has to be called, at the latest.
    package var nextDeadline: MonotonicTime? {
        let slots = groups.lazy.flatMap(\.slots).compactMap(\.deadline).min()
        let assignments = groups.lazy.filter(\.awaitsAssignment).map(\.assignedBy).min()
        return [slots, assignments, nextLoadDeadline, restartDeadline].compactMap { $0 }.min()
    }

    /// Does what is due at `now`.
    package mutating func tick(now: MonotonicTime) {
        for group in groups.indices {
            if groups[group].awaitsAssignment, groups[group].assignedBy <= now {
                groups[group].isAssigned = true
                changedReplicas(ofGroup: group)
            }
            for slot in groups[group].slots.indices {
                guard let deadline = groups[group].slots[slot].deadline, deadline <= now else { continue }
                deadlinePassed(group: group, slot: slot, now: now)
            }
        }
        askForLoadIfDue(now: now)
        advanceRestart(now: now)
    }

    // MARK: Ending

    enum Phase: Equatable, Sendable { case starting, running, stopping(Teardown.Stage), ended }

    /// What the deployment ends with, once everything has stopped.
    var exitCode: Int32 = 0

    mutating func end(code: Int32, reason: String?) {
        if let reason { log(.error, reason) }
        exitCode = max(exitCode, code)
        phase = .ended
        for name in listeners.keys.sorted() { actions.append(.stopProxy(listener: name)) }
        actions.append(.end(code: exitCode))
    }

    mutating func log(_ level: LogEntry.Level, _ message: String, replica: ReplicaID? = nil) {
        let component = replica.flatMap { positions[$0] }.map { groups[$0.group].plan.name } ?? "weaver"
        actions.append(.log(level, message, component: component, replica: replica))
    }
}

extension Babysitter.GroupState {
    /// Whether the first assignment is held back.
    var awaitsAssignment: Bool { isStarted && !isAssigned }
}

extension Babysitter {
    /// What the deployer's hand has to do.
    package enum Action: Equatable, Sendable {
        /// Start a process and send it its setup.
        case spawn(SetupInfo)
        /// Send a message; `awaitsReply` ones are answered by an event.
        case send(ReplicaID, EnvelopeMessage, awaitsReply: Bool)
        /// Answer the weavelet's request.
        case reply(ReplicaID, request: Int64, EnvelopeMessage)
        /// Send a signal to the process; SIGKILL is for all processes that it has started, too.
        case kill(ReplicaID, signal: Int32)
        /// Bind a listener's proxy.
        case startProxy(listener: String, address: SocketAddress)
        /// The replicas' addresses that a proxy may use now, all of them.
        case setBackends(listener: String, [SocketAddress])
        /// The replica behind this address, which is no backend any more, does not answer: what may be asked again is asked of
        /// another one.
        case fellSilent(listener: String, SocketAddress)
        /// Take no new connections; finish what is under way.
        case drainProxy(listener: String)
        /// Tell, with ``Babysitter/released(_:listener:now:)``, when nothing is on its way any more from the listener's proxy
        /// to this address, which is no backend any more.
        case awaitRelease(ReplicaID, listener: String, SocketAddress)
        case stopProxy(listener: String)
        /// What ``Babysitter/collectLoad(now:)`` has begun has ended.
        case loadCollected(UInt64)
        case log(LogEntry.Level, String, component: String, replica: ReplicaID?)
        /// Tell whoever has asked for the rolling restart; nothing comes after one that is done or has failed.
        case restart(RestartProgress)
        /// The deployment is over.
        case end(code: Int32)
    }
}
