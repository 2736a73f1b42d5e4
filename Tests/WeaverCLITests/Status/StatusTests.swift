import Testing
import WeaverCore

@testable import WeaverCLI

@Suite struct StatusTests {
    @Test func theRunningLemonHasExactlyTheseTables() {
        let tables = StatusTables(StatusDocument(deployments: [lemon()]))
        #expect(
            tables.rendered(style: .plain) == """
                ╭────────────────────────────────────────────────────╮
                │ DEPLOYMENTS                                        │
                ├───────┬──────────────────────────────────────┬─────┤
                │ APP   │ DEPLOYMENT                           │ AGE │
                ├───────┼──────────────────────────────────────┼─────┤
                │ lemon │ f74f7512-a8ff-48e2-bdce-8a1a3dd4c640 │ 22s │
                ╰───────┴──────────────────────────────────────┴─────╯
                ╭─────────────────────────────────────────────────────────╮
                │ COMPONENTS                                              │
                ├───────┬────────────┬─────────────────────┬──────────────┤
                │ APP   │ DEPLOYMENT │ COMPONENT           │ REPLICA PIDS │
                ├───────┼────────────┼─────────────────────┼──────────────┤
                │ lemon │ f74f7512   │ Lemon.Categories    │ 10272, 15264 │
                │ lemon │ f74f7512   │ Lemon.CategoryCache │ 4692, 15116  │
                │ lemon │ f74f7512   │ Lemon.Products      │ 11788, 13260 │
                │ lemon │ f74f7512   │ main                │ 4508, 13236  │
                ╰───────┴────────────┴─────────────────────┴──────────────╯
                ╭─────────────────────────────────────────────────╮
                │ LISTENERS                                       │
                ├───────┬────────────┬──────────┬─────────────────┤
                │ APP   │ DEPLOYMENT │ LISTENER │ ADDRESS         │
                ├───────┼────────────┼──────────┼─────────────────┤
                │ lemon │ f74f7512   │ lemon    │ 127.0.0.1:12345 │
                ╰───────┴────────────┴──────────┴─────────────────╯

                """)
    }

    @Test func deploymentsAreSortedByAppThenAge() {
        let tables = StatusTables(
            StatusDocument(deployments: [lemon(app: "b", age: 1), lemon(app: "a", age: 90), lemon(app: "a", age: 5)]))
        let rows = tables.rendered(style: .plain).split(separator: "\n")[5..<8]
        #expect(rows.map { $0.split(separator: " ")[1] } == ["a", "a", "b"])
        #expect(rows.map { $0.split(separator: " ")[5] } == ["5s", "1m30s", "1s"])
    }

    @Test func aReplicaWithoutProcessShowsWhatItIsDoing() {
        var status = lemon()
        status.replicas[2].pid = nil
        status.replicas[2].state = "given up"
        let text = StatusTables(StatusDocument(deployments: [status])).rendered(style: .plain)
        #expect(text.contains("│ Lemon.Categories    │ 10272, given up │"))
    }

    @Test func aReplicaThatComesOrGoesIsMarked() {
        var status = lemon()
        status.replicas[2].state = "draining"
        let text = StatusTables(StatusDocument(deployments: [status])).rendered(style: .plain)
        #expect(
            text.contains("│ Lemon.Categories    │ 10272, 15264 (draining) │")
                || text.contains("10272 (draining), 15264 │"))
    }

    @Test func aRestartThatIsUnderWayIsInTheJSON() throws {
        var status = lemon()
        #expect(try !StatusDocument(deployments: [status]).json().contains("\"restart\""))
        status.restart = .init(replaced: 3, replicas: 8)
        let json = try StatusDocument(deployments: [status]).json()
        #expect(json.contains("\"replaced\" : 3") && json.contains("\"replicas\" : 8"))
    }

    @Test func componentsThatShareAProcessHaveARowEach() throws {
        var status = lemon()
        for index in 0...1 { status.replicas[index].components.append("Lemon.Extra") }
        let text = StatusTables(StatusDocument(deployments: [status])).rendered(style: .plain)
        #expect(text.contains("│ Lemon.Extra         │ 4508, 13236  │"))
        #expect(text.contains("│ main                │ 4508, 13236  │"))
    }

    @Test func `with routing there is a table with a row for each replica of a routed component`() {
        var status = lemon()
        status.routing = [
            .init(
                component: "Lemon.CategoryCache", version: 7, slices: 31,
                replicas: [
                    .init(id: "b", pid: 15116, slices: 16, keys: 0.5204, callsPerSecond: 1250.5),
                    .init(id: "a", pid: 4692, slices: 15, keys: 0.4796, callsPerSecond: 1200),
                ]),
            .init(
                component: "Lemon.Prices", version: 1, slices: 1,
                replicas: [.init(id: "c", pid: nil, slices: 1, keys: 1, callsPerSecond: 0)]),
        ]
        let text = StatusTables(StatusDocument(deployments: [status])).rendered(style: .plain)
        let table = text.split(separator: "\n").suffix(8).joined(separator: "\n")
        #expect(
            table == """
                │ ROUTING                                                                                                   │
                ├───────┬────────────┬─────────────────────┬────────┬─────────────┬────────────┬─────────┬─────────┬────────┤
                │ APP   │ DEPLOYMENT │ COMPONENT           │ SLICES │ REPLICA PID │ ITS SLICES │ KEYS    │ CALLS/S │ LOAD   │
                ├───────┼────────────┼─────────────────────┼────────┼─────────────┼────────────┼─────────┼─────────┼────────┤
                │ lemon │ f74f7512   │ Lemon.CategoryCache │ 31     │ 4692        │ 15         │ 48.0 %  │ 1200    │ 49.0 % │
                │ lemon │ f74f7512   │ Lemon.CategoryCache │ 31     │ 15116       │ 16         │ 52.0 %  │ 1251    │ 51.0 % │
                │ lemon │ f74f7512   │ Lemon.Prices        │ 1      │ -           │ 1          │ 100.0 % │ 0       │ -      │
                ╰───────┴────────────┴─────────────────────┴────────┴─────────────┴────────────┴─────────┴─────────┴────────╯
                """)
    }

    @Test func `the JSON has routing where it was asked for, by the documented keys`() throws {
        var status = lemon()
        #expect(try !StatusDocument(deployments: [status]).json().contains("routing"))
        status.routing = [
            .init(
                component: "C", version: 7, slices: 31,
                replicas: [.init(id: "b", pid: 8, slices: 16, keys: 0.5, callsPerSecond: 1250.5)])
        ]
        #expect(
            try StatusDocument(deployments: [status]).json().contains(
                """
                      "routing" : [
                        {
                          "component" : "C",
                          "replicas" : [
                            {
                              "calls_per_second" : 1250.5,
                              "id" : "b",
                              "keys" : 0.5,
                              "pid" : 8,
                              "slices" : 16
                            }
                          ],
                          "slices" : 31,
                          "version" : 7
                        }
                      ],
                """))
    }

    private static let proxies = [
        StatusDocument.Proxy(
            listener: "lemon", address: "127.0.0.1:12345", connections: 64, waiting: 2,
            traffic: .init(inFlight: 3, requests: 48120, failures: 1, p50: 0.00085, p99: 0.0123456),
            backends: [
                .init(
                    address: "127.0.0.1:40221", pid: 4508, state: "ready", tunnels: 1,
                    traffic: .init(inFlight: 3, requests: 48119, failures: 0, p50: 0.0008, p99: 1.5)),
                .init(
                    address: "127.0.0.1:40222", pid: nil, state: "backing off", tunnels: 0,
                    traffic: .init(inFlight: 0, requests: 1, failures: 1, p50: nil, p99: nil)),
            ])
    ]

    @Test func withBackendsThereIsATableOfListenersAndTheirBackends() {
        var status = lemon()
        status.proxies = Self.proxies
        let tables = StatusTables(StatusDocument(deployments: [status]))
        #expect(!tables.rendered(style: .plain).contains("BACKENDS"))
        let text = tables.rendered(style: .plain, withBackends: true)
        let rows = text.split(separator: "\n").suffix(6).map { row in
            row.split(separator: "│").map { $0.split(separator: " ").joined(separator: " ") }
        }
        #expect(
            rows[0] == [
                "APP", "DEPLOYMENT", "LISTENER", "BACKEND", "PID", "STATE", "IN FLIGHT", "REQUESTS", "FAILURES",
                "P50", "P99",
            ])
        let names = ["lemon", "f74f7512", "lemon"]
        #expect(rows[2] == names + ["(all)", "-", "2 waiting", "3", "48120", "1", "850µs", "12.3ms"])
        #expect(rows[3] == names + ["127.0.0.1:40221", "4508", "ready", "3", "48119", "0", "800µs", "1.50s"])
        #expect(rows[4] == names + ["127.0.0.1:40222", "-", "backing off", "0", "1", "1", "-", "-"])
    }

    @Test func theJSONHasProxiesByTheDocumentedKeys() throws {
        var status = lemon()
        status.proxies = Self.proxies
        let json = try StatusDocument(deployments: [status]).json()
        #expect(
            json.contains(
                """
                            {
                              "address" : "127.0.0.1:40222",
                              "failures" : 1,
                              "in_flight" : 0,
                              "p50" : null,
                              "p99" : null,
                              "pid" : null,
                              "requests" : 1,
                              "state" : "backing off",
                              "tunnels" : 0
                            }
                          ],
                          "connections" : 64,
                          "failures" : 1,
                          "in_flight" : 3,
                          "listener" : "lemon",
                          "p50" : 0.00085,
                          "p99" : 0.0123456,
                          "requests" : 48120,
                          "waiting" : 2
                        }
                """), "\(json)")
    }

    @Test(arguments: [
        (0.0, "0.00µs"), (0.000_000_5, "0.50µs"), (0.000_85, "850µs"), (0.000_999_9, "1.00ms"), (0.001_25, "1.25ms"),
        (0.099_94, "99.9ms"), (0.099_96, "100ms"), (0.9999, "1.00s"), (12.34, "12.3s"), (4400, "4400s"),
    ])
    func latenciesHaveThreeDigitsAndAUnit(seconds: Double, text: String) {
        #expect(Latency.text(seconds) == text)
    }

    @Test func withoutDeploymentThereIsASentence() {
        #expect(StatusTables(StatusDocument(deployments: [])).rendered(style: .plain) == "no deployment is running\n")
    }

    @Test func theJSONHasTheDocumentedKeys() throws {
        var status = lemon()
        status.replicas = Array(status.replicas.prefix(2))
        status.replicas[1].pid = nil
        status.replicas[1].id = nil
        status.replicas[1].address = nil
        status.replicas[1].age = nil
        status.replicas[1].state = "restarting"
        status.replicas[1].restarts = 1
        status.replicas[1].lastExit = "signal 9"
        #expect(
            try StatusDocument(deployments: [status]).json() == """
                {
                  "deployments" : [
                    {
                      "age" : 22.5,
                      "app" : "lemon",
                      "deployment" : "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640",
                      "listeners" : [
                        {
                          "address" : "127.0.0.1:12345",
                          "backends" : 2,
                          "listener" : "lemon"
                        }
                      ],
                      "pid" : 4000,
                      "replicas" : [
                        {
                          "address" : "127.0.0.1:40000",
                          "age" : 20.5,
                          "component" : "main",
                          "components" : [
                            "main"
                          ],
                          "id" : "r13236",
                          "last_exit" : null,
                          "pid" : 13236,
                          "restarts" : 0,
                          "state" : "ready"
                        },
                        {
                          "address" : null,
                          "age" : null,
                          "component" : "main",
                          "components" : [
                            "main"
                          ],
                          "id" : null,
                          "last_exit" : "signal 9",
                          "pid" : null,
                          "restarts" : 1,
                          "state" : "restarting"
                        }
                      ],
                      "stopping" : false
                    }
                  ]
                }

                """)
        #expect(try StatusDocument(deployments: []).json() == "{\n  \"deployments\" : [\n\n  ]\n}\n")
    }
}

/// The lemon of the manual's example.
private func lemon(app: String = "lemon", age: Double = 22.5) -> StatusDocument.Deployment {
    let processes: [(String, Int32)] = [
        ("main", 13236), ("main", 4508), ("Lemon.Categories", 15264), ("Lemon.Categories", 10272),
        ("Lemon.Products", 11788), ("Lemon.Products", 13260), ("Lemon.CategoryCache", 4692),
        ("Lemon.CategoryCache", 15116),
    ]
    let replicas = processes.map { component, pid in
        StatusDocument.Replica(
            component: component, components: [component], id: "r\(pid)", pid: pid, state: "ready", restarts: 0,
            address: "127.0.0.1:40000", age: 20.5)
    }
    return StatusDocument.Deployment(
        app: app, deployment: "f74f7512-a8ff-48e2-bdce-8a1a3dd4c640", pid: 4000, age: age, stopping: false,
        replicas: replicas,
        listeners: [StatusDocument.Listener(listener: "lemon", address: "127.0.0.1:12345", backends: 2)])
}
