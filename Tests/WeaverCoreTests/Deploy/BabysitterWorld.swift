import Testing
import WeaverCore

/// A model of everything outside a babysitter: processes that exist, what they were told, a clock.
struct World {
    var babysitter: Babysitter
    var now = MonotonicTime(nanoseconds: 1_000_000_000)
    var proxyFails = false
    var silent: Set<String> = []
    /// The version that new processes report.
    var version = "1"

    private(set) var endCode: Int32?
    private(set) var alive: [String] = []
    private(set) var group: [String: String] = [:]
    private(set) var backends: [String: [SocketAddress]] = [:]
    /// Those that were sent SIGKILL, and those that were sent SIGTERM.
    private(set) var killed: Set<String> = []
    private(set) var terminated: Set<String> = []
    /// Whether the machine has nothing left to start a process with.
    var hasShortage = false
    private(set) var spawns = 0
    private(set) var drained: [String] = []
    private(set) var shutDown: [String] = []
    private(set) var refusals: [String] = []
    private(set) var askedForLoad: [String] = []
    private(set) var collected: [UInt64] = []
    /// What was told of rolling restarts.
    private(set) var progress: [RestartProgress] = []
    /// Whether processes drain, stop and end as they are told.
    var isObedient = false
    /// What they say when all that was to be done at once is done.
    private var answers: [(inout World) -> Void] = []
    /// Whether proxies have something in flight with replicas that leave them.
    var isInFlight = false
    /// Those whose requests were to be asked of others.
    private(set) var fellSilent: [SocketAddress] = []
    /// The replicas whose release was asked for while something was in flight.
    private(set) var unreleased: [(replica: String, listener: String)] = []
    /// What was done with replicas and proxies, in order.
    private(set) var journal: [String] = []
    /// How many calls of the routed component each replica reports when it is asked, all for a few keys; nil for no answer.
    var reportedCalls: UInt64?
    /// How many pieces of routing info were sent.
    private(set) var infos = 0
    private var told: [String: [String: RoutingInfo]] = [:]
    private var logs: [String] = []
    private var isReady: Set<String> = []
    private var port: UInt16 = 2000

    init(seed: UInt64 = 1, replicas: Int = 2) {
        let descriptor = AppDescriptor(
            version: "1",
            components: [
                .init(name: "main", refs: ["Lemon.Categories", "Lemon.Products"], listeners: ["lemon"]),
                .init(name: "Lemon.Categories", refs: ["Lemon.CategoryCache"]),
                .init(name: "Lemon.Products"),
                .init(name: "Lemon.CategoryCache", isRouted: true),
            ])
        babysitter = Babysitter(
            plan: DeploymentPlan(application: "lemon", descriptor: descriptor, replicas: replicas), sections: [:],
            deadline: .seconds(30),
            deployment: "d", secret: Array(repeating: 7, count: 32), seed: seed)
    }

    // MARK: What happens

    mutating func start() {
        babysitter.start(now: now)
        settle()
    }

    mutating func stop() {
        babysitter.stop(now: now)
        settle()
    }

    /// Lets all processes that are starting become ready, and those that they cause to be started, too.
    mutating func bringUp() {
        for replica in alive where !isReady.contains(replica) { bringUp(replica) }
    }

    /// Lets one process that is starting become ready.
    mutating func bringUp(_ replica: String) {
        let port = newPort()
        babysitter.reported(
            replica, WeaveletInfo(protocolVersion: 1, address: "127.0.0.1:\(port)", processID: 1, version: version),
            now: now)
        babysitter.started(replica, now: now)
        isReady.insert(replica)
        settle()
    }

    /// A port that nothing else has.
    mutating func newPort() -> Int {
        port += 1
        return Int(port)
    }

    mutating func ask(by replica: String, for component: String) {
        babysitter.startComponentAsked(by: replica, component: component, request: 1, now: now)
        settle()
    }

    mutating func askAddress(by replica: String, listener: String) {
        babysitter.addressAsked(by: replica, listener: listener, request: 3)
        settle()
    }

    mutating func fail(_ replica: String, reason: String) {
        babysitter.failed(replica, reason: reason, now: now)
        settle()
    }

    mutating func export(by replica: String, listener: String, port: Int) {
        babysitter.exported(by: replica, listener: listener, address: "127.0.0.1:\(port)", request: 2)
        settle()
    }

    mutating func leave(_ replica: String, completed: Bool) {
        babysitter.leaving(replica, completed: completed, now: now)
        settle()
    }

    mutating func drainDone(_ replica: String) {
        babysitter.drained(replica, now: now)
        settle()
    }

    mutating func die(_ replica: String, success: Bool = false) {
        alive.removeAll { $0 == replica }
        isReady.remove(replica)
        told[replica] = nil
        babysitter.exited(
            replica, status: success ? "exit code 0" : "signal 9", isSuccess: success, now: now)
        settle()
    }

    /// Gives why not.
    @discardableResult
    mutating func restart(_ component: String? = nil) -> String? {
        let refusal = babysitter.restart(component: component, now: now)
        settle()
        return refusal
    }

    /// The proxies finish what they had in flight with replicas that have left them.
    mutating func release() {
        for (replica, listener) in unreleased { babysitter.released(replica, listener: listener, now: now) }
        unreleased = []
        settle()
    }

    /// Time passes; processes that are not silent answer what they are asked.
    mutating func advance(_ duration: Duration) {
        let end = now + duration
        while let next = babysitter.nextDeadline, next <= end {
            now = max(now, next)
            babysitter.tick(now: now)
            settle()
        }
        now = end
    }

    /// Time passes without the babysitter being called, as when its process is stopped.
    mutating func sleepWithoutTicks(_ duration: Duration) {
        now = now + duration
    }

    /// A report of a replica: so many calls, all of them for the lowest sixteenth of the keys.
    mutating func reportLoad(by replica: String, calls: UInt64, component: String = "Lemon.CategoryCache") {
        let parts = (0..<SliceLoad.parts).map { $0 == 0 ? calls : 0 }
        let slice = SliceLoad(
            first: 0, last: .max, calls: calls, distinctKeys: min(1, calls), partCalls: parts, hotKeys: [])
        babysitter.loadReported(
            by: replica, [LoadReport(component: component, version: 1, seconds: 5, slices: [slice])], now: now)
        settle()
    }

    mutating func reportNoLoad(by replica: String) {
        babysitter.loadReported(by: replica, [], now: now)
        settle()
    }

    mutating func collectLoad() -> UInt64 {
        let id = babysitter.collectLoad(now: now)
        settle()
        return id
    }

    mutating func randomStep(_ random: inout SeededGenerator) {
        let replica = alive.randomElement(using: &random)
        switch Int.random(in: 0..<17, using: &random) {
        case 14: restart(Bool.random(using: &random) ? nil : "Lemon.Categories")
        case 15: isObedient = Bool.random(using: &random)
        case 16: Bool.random(using: &random) ? release() : (isInFlight = Bool.random(using: &random))
        case 0, 1: bringUp()
        case 9: if let replica { leave(replica, completed: false) }
        case 10: if let replica { fail(replica, reason: "its pipe broke") }
        case 12: reportedCalls = Bool.random(using: &random) ? 1_000_000 : nil
        case 13: _ = collectLoad()
        case 11: hasShortage = Bool.random(using: &random)
        case 2:
            guard let replica, group[replica] == "main" else { return }
            ask(by: replica, for: Bool.random(using: &random) ? "Lemon.Categories" : "Lemon.Products")
        case 3:
            guard let replica, group[replica] == "Lemon.Categories" else { return }
            ask(by: replica, for: "Lemon.CategoryCache")
        case 4: if let replica { die(replica) }
        case 5:
            guard let replica, group[replica] == "main" else { return }
            export(by: replica, listener: "lemon", port: Int.random(in: 1..<60000, using: &random))
        case 6: if let replica { silent.insert(replica) }
        case 7: silent = []
        default: advance(.milliseconds(Int.random(in: 0..<8000, using: &random)))
        }
    }

    // MARK: What is done

    private mutating func settle() {
        while true {
            let actions = babysitter.takeActions()
            for action in actions { perform(action) }
            guard actions.isEmpty else { continue }
            if answers.isEmpty { return }
            let answer = answers.removeFirst()
            answer(&self)
        }
    }

    private mutating func perform(_ action: Babysitter.Action) {
        switch action {
        case .spawn(let setup):
            spawns += 1
            if hasShortage {
                babysitter.spawnFailed(setup.replica, reason: "too many open files", isShortage: true, now: now)
                return
            }
            alive.append(setup.replica)
            group[setup.replica] = setup.group[0]
            babysitter.spawned(setup.replica, processID: 1)
        case .send(let replica, let message, _): deliver(message, to: replica)
        case .reply(_, _, .refused(let reason)): refusals.append(reason)
        case .reply: break
        case .kill(let replica, let signal):
            if signal == 15 { terminated.insert(replica) }
            guard signal == 9 else { return }
            killed.insert(replica)
            answers.append { if $0.alive.contains(replica) { $0.die(replica) } }
        case .startProxy(let listener, let address):
            if proxyFails {
                babysitter.proxyFailed(listener, reason: "the address \(address) is in use")
            } else {
                babysitter.proxyStarted(listener, address: .ip("127.0.0.1", port: 12345), now: now)
            }
        case .setBackends(let listener, let addresses):
            backends[listener] = addresses
            journal.append("\(addresses.count) backends")
        case .fellSilent(let listener, let address):
            #expect(backends[listener]?.contains(address) != true, "a backend that is silent and still one")
            fellSilent.append(address)
        case .awaitRelease(let replica, let listener, let address):
            #expect(backends[listener]?.contains(address) != true, "a backend is released that is still one")
            if isInFlight {
                unreleased.append((replica, listener))
            } else {
                babysitter.released(replica, listener: listener, now: now)
            }
        case .restart(let progress):
            #expect(self.progress.last?.outcome ?? .underWay == .underWay || progress.outcome != .done)
            self.progress.append(progress)
        case .drainProxy, .stopProxy: break
        case .loadCollected(let id): collected.append(id)
        case .log(_, let message, _, _): logs.append(message)
        case .end(let code):
            #expect(endCode == nil, "a deployment ends once")
            endCode = code
        }
    }

    private mutating func deliver(_ message: EnvelopeMessage, to replica: String) {
        guard alive.contains(replica) else {
            Issue.record("\(message) was sent to a replica that is gone")
            return
        }
        switch message {
        case .routingInfo(let info):
            infos += 1
            told[replica, default: [:]][info.component] = info
        case .reportLoad:
            askedForLoad.append(replica)
            if let reportedCalls { reportLoad(by: replica, calls: reportedCalls) }
        case .healthCheck:
            guard !silent.contains(replica) else { return }
            babysitter.answered(replica, now: now)
            babysitter.passedCheck(replica, now: now)
        case .drain:
            drained.append(replica)
            journal.append("drain")
            if isObedient { answers.append { $0.babysitter.drained(replica, now: $0.now) } }
        case .shutdown:
            shutDown.append(replica)
            if isObedient { answers.append { $0.die(replica, success: true) } }
        default: break
        }
    }

    // MARK: What is seen

    var runningGroups: [String: Int] { Dictionary(alive.map { (group[$0] ?? "", 1) }, uniquingKeysWith: +) }
    func alive(of name: String) -> [String] { alive.filter { group[$0] == name } }
    func ready(of name: String) -> [String] { alive(of: name).filter(isReady.contains) }
    func starting(of name: String) -> [String] { alive(of: name).filter { !isReady.contains($0) } }
    func states(of name: String) -> [DeploymentStatus.State] {
        babysitter.status(began: now, now: now, processID: 1).groups.filter { $0.name == name }.flatMap(\.replicas)
            .map(\.state)
    }
    func isGivenUp(_ component: String, seenBy replica: String) -> Bool? { told[replica]?[component]?.isGivenUp }
    func logged(_ text: String) -> Bool { logs.contains { $0.contains(text) } }
    func routes(of component: String, seenBy replica: String) -> [RoutingInfo.Replica]? {
        told[replica]?[component]?.replicas
    }
    func assignment(of component: String, seenBy replica: String) -> Assignment? {
        told[replica]?[component]?.assignment
    }

    func checkInvariants(seed: UInt64) {
        for (subscriber, infos) in told {
            for (component, info) in infos {
                let ids = info.replicas.map(\.id)
                #expect(
                    ids.allSatisfy { isReady.contains($0) },
                    "seed \(seed): \(subscriber) was told of a replica of \(component) that is gone")
                #expect(
                    component != "Lemon.CategoryCache" || info.replicas.isEmpty || info.assignment != nil,
                    "seed \(seed): \(component) has replicas before it has an assignment")
                let owners = Set(info.assignment?.slices.flatMap(\.replicas) ?? ids)
                #expect(owners.isSubset(of: ids), "seed \(seed): slices of \(component) name a replica that is gone")
            }
        }
        for name in ["main", "Lemon.Categories", "Lemon.Products", "Lemon.CategoryCache"] {
            let slots = states(of: name).count
            #expect(slots == 2 || slots == 3, "seed \(seed): \(name) has \(slots) slots")
            #expect(alive(of: name).count <= slots, "seed \(seed): \(name) has too many processes")
        }
    }
}
