import Foundation
import Testing

extension Integration {
    /// What a deployment of the lemon application measures and traces.
    @Suite(.serialized) struct TelemetryTests {
        private struct Metrics: Decodable {
            struct Deployment: Decodable { var metrics: [Metric] }
            struct Metric: Decodable {
                var name: String
                var kind: String
                var labels: [String: String]
                var value: Double?
                var count: Double?
                var p99: Double?
            }
            var deployments: [Deployment]
        }

        private func metrics(_ lemon: Deployment) async throws -> [Metrics.Metric] {
            let answer = try await weaver("multi", "metrics", "--json", in: lemon.sandbox)
            try #require(answer.code == 0, "\(answer.errors)")
            return try JSONDecoder().decode(Metrics.self, from: Data(answer.output.utf8)).deployments[0].metrics
        }

        /// The calls that `main` has made of a component.
        private func calls(_ component: String, in metrics: [Metrics.Metric]) -> Double {
            metrics.filter { $0.name == "weaver_calls" && $0.labels["component"] == component }
                .compactMap(\.value).reduce(0, +)
        }

        @Test func callsAndRequestsAreCountedOverAllReplicasAndNeverLessWhenOneDies() async throws {
            let sandbox = try Sandbox()
            let endpoint = try ListeningPort.free()
            let extra = "[multi]\nmetrics = \"127.0.0.1:\(endpoint)\""
            let lemon = try await Deployment(config: try sandbox.lemonConfig(extra: extra), in: sandbox)
            for _ in 1...10 { #expect(try lemon.connect().request("GET", "/product?id=1").status == 200) }
            try await eventually("ten calls") {
                self.calls("Lemon.Products", in: try await self.metrics(lemon)) >= 10
            }
            let before = try await metrics(lemon)
            let requests = before.first { $0.name == "weaver_http_requests" && $0.labels["listener"] == "lemon" }
            #expect(requests?.value == 10)
            let latency = before.first { $0.name == "weaver_http_latency" }
            #expect(latency?.kind == "timer" && latency?.count == 10 && latency?.p99 ?? 0 > 0)
            let backends = before.filter { $0.name == "weaver_backend_requests" }
            #expect(backends.count == 2 && backends.compactMap(\.value).reduce(0, +) == 10)

            let victim = try #require(try await lemon.oldest("main"))
            kill(victim, SIGKILL)
            try await lemon.recover("main", from: victim)
            #expect(calls("Lemon.Products", in: try await metrics(lemon)) >= calls("Lemon.Products", in: before))

            let table = try await weaver("multi", "metrics", in: sandbox).output
            #expect(table.contains("CALLS") && table.contains("│ Lemon.Products "), "\(table)")
            let fetched = try HTTPConnection(port: endpoint).request("GET", "/metrics").body
            #expect(fetched.contains("# TYPE weaver_backend_requests_total counter\n"), "\(fetched)")
            let text = try await weaver("multi", "metrics", "--format", "prometheus", in: sandbox).output
            #expect(text.contains("# TYPE weaver_http_requests_total counter\n"), "\(text)")
            #expect(text.contains("# TYPE weaver_call_latency_seconds histogram\n"), "\(text)")
            try await lemon.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        @Test func aRequestIsOneTraceOverAllProcessesInTheFile() async throws {
            let sandbox = try Sandbox()
            let file = sandbox.folder + "/traces.jsonl"
            let extra = "[multi]\ntraces = \"\(file)\"\ntraces_per_second = 0"
            let lemon = try await Deployment(config: try sandbox.lemonConfig(extra: extra), in: sandbox)
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            #expect(try lemon.connect().request("GET", "/product?id=1").status == 200)
            let traced = try lemon.connect().request(
                "GET", "/product?id=1", headers: ["traceparent": "00-\(trace)-00f067aa0ba902b7-01"])
            #expect(traced.status == 200)
            try await lemon.end(by: SIGINT)

            let spans = try Self.spans(in: file)
            #expect(Set(spans.map(\.traceId)) == [trace])
            let request = try #require(spans.first { $0.parentSpanId == "00f067aa0ba902b7" })
            #expect(request.name == "GET lemon")
            let client = try #require(spans.first { $0.kind == 3 && $0.name.hasPrefix("Lemon.Products.") })
            #expect(client.parentSpanId == request.spanId && client.process == request.process)
            let server = try #require(spans.first { $0.kind == 2 && $0.name == client.name })
            #expect(server.parentSpanId == client.spanId && server.process != client.process)
            #expect(sandbox.leftBehind() == [])
        }

        @Test func whatAnApplicationLogsMeasuresAndTracesByItselfArrives() async throws {
            let sandbox = try Sandbox()
            let file = sandbox.folder + "/traces.jsonl"
            let extra = "[multi]\ntraces = \"\(file)\"\ntraces_per_second = 10000"
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(extra: extra), in: sandbox)
            for _ in 1...4 { #expect(try unruly.connect().request("GET", "/measure").status == 200) }
            // Two replicas of the component have had them, in whatever shares.
            try await eventually("four measurements") {
                try await self.metrics(unruly).contains {
                    $0.name == "unruly.measured" && $0.labels == ["page": "a"] && $0.value == 4
                }
            }
            let metrics = try await metrics(unruly)
            let time = metrics.first { $0.name == "unruly.time" }
            #expect(time?.kind == "timer" && time?.count == 4)
            #expect([2.5, 5].contains(metrics.first { $0.name == "unruly.level" && $0.kind == "gauge" }?.value))
            try await unruly.end(by: SIGINT)

            let spans = try Self.spans(in: file)
            let measured = spans.filter { $0.name == "measured" }
            #expect(measured.count == 4)
            for span in measured {
                let trace = spans.filter { $0.traceId == span.traceId }
                let names = ["GET door", "measuring", "UnrulyApp.Unruly.measure()", "UnrulyApp.Unruly.measure()"]
                #expect(trace.map(\.name).sorted() == (names + ["measured"]).sorted())
                #expect(trace.count { $0.parentSpanId == nil } == 1)
                let parents = Set(trace.map(\.spanId))
                #expect(trace.allSatisfy { $0.parentSpanId.map(parents.contains) ?? true })
                // The log entry is in the trace, and comes from the replica.
                let line = unruly.deployer.output.split(separator: "\n").first { $0.hasSuffix("trace=\(span.traceId)") }
                #expect(line?.contains(" unruly.own ") == true && line?.contains("│ measured ") == true)
                #expect(line?.contains(" \(span.process?.prefix(8) ?? "?") ") == true)
            }
        }

        private func unruly(bootstrapping own: String, _ extra: String = "", in sandbox: Sandbox) throws -> String {
            let config = try sandbox.unrulyConfig(extra: extra)
            let text = try String(contentsOfFile: config, encoding: .utf8)
            let env = "[weaver]\nenv = [\"UNRULY_BOOTSTRAP=\(own)\"]"
            return try sandbox.write(text.replacing("[weaver]", with: env), to: "weaver.toml")
        }

        @Test func theContextOfAnotherTracerGoesFromTheRequestThroughCallsBetweenProcesses() async throws {
            let sandbox = try Sandbox()
            let file = sandbox.folder + "/traces.jsonl"
            let config = try unruly(
                bootstrapping: "tracer metrics log", "[multi]\ntraces = \"\(file)\"", in: sandbox)
            let deployment = try await Deployment(config: config, in: sandbox)
            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let answer = try deployment.connect().request(
                "GET", "/where",
                headers: ["traceparent": "00-\(trace)-00f067aa0ba902b7-01", "x-tenant": "acme"])
            // Below the client's span is "a", and below that, in the other process, "b".
            let a = "61" + "00f067aa0ba902"
            #expect(answer.body == "\(trace)/00f067aa0ba902b7/acme \(trace)/62\(a.prefix(14))/acme")
            #expect(try deployment.connect().request("GET", "/where").body.hasPrefix("nowhere 777"))
            // What it measures by its own back end is counted, and what it logs by its own has its replica.
            #expect(try deployment.connect().request("GET", "/measure").status == 200)
            try await eventually("the measurement") {
                try await self.metrics(deployment).contains { $0.name == "unruly.measured" && $0.value == 1 }
            }
            try await deployment.end(by: SIGINT)

            let lines = deployment.deployer.output.split(separator: "\n")
            let placed = lines.first { $0.contains("│ placed ") }
            #expect(placed?.hasSuffix("trace=\(trace)") == true, "\(lines)")
            let measured = try #require(lines.first { $0.contains(" unruly.own ") })
            let words = measured.split(separator: " ")
            #expect(words.count > 3 && words[3].count == 8 && words[3].allSatisfy { $0.isHexDigit }, "\(measured)")
            // The runtime makes no spans that the other tracer does not know, and says so.
            #expect(lines.contains { $0.contains("a tracer of its own") })
            #expect(try String(contentsOfFile: file, encoding: .utf8) == "")
            #expect(sandbox.leftBehind() == [])
        }

        @Test func aMillionLinesAreNotWaitedForAndWhatIsLostIsCounted() async throws {
            let sandbox = try Sandbox()
            let deployment = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let grown = try #require(Int(try deployment.connect().request("GET", "/shout").body))
            // The buffer has 4 MiB; of a million lines the text alone is more than 64 MiB.
            #expect(grown < 64 << 10)
            var lost = 0
            try await eventually("the count of what is lost") {
                let metrics = try await self.metrics(deployment)
                lost = metrics.first { $0.name == "weaver_log_entries_lost" }?.value.map { Int($0) } ?? 0
                let lines = deployment.deployer.output.split(separator: "\n")
                let said = lines.filter { $0.contains(" log entries were lost") }.compactMap { line in
                    line.split(separator: "│ ").last.flatMap { Int($0.split(separator: " ")[0]) }
                }
                // Of what has reached the deployer, too, some may be lost on the way to its output, which says so.
                let cut = lines.filter { $0.contains(" lines lost: ") }.compactMap { Int($0.split(separator: " ")[1]) }
                let shouted = lines.count { $0.contains("│ shout ") }
                return lost > 0 && lost + shouted + cut.reduce(0, +) >= 1_000_000 && !said.isEmpty
            }
            try await deployment.end(by: SIGINT)
            #expect(sandbox.leftBehind() == [])
        }

        /// What cannot be told from nothing ends the process, and says what to do; saying it is enough.
        @Test func aLogHandlerThatLooksLikeNoneIsNamed() async throws {
            let sandbox = try Sandbox()
            let alone = try Program(Binaries.unruly, [], in: sandbox, environment: ["UNRULY_BOOTSTRAP": "stream"])
            #expect(try await alone.exitCode() > 128)
            #expect(alone.errors.contains("Weaver.run(bootstrapping: [.metrics, .tracing])"), "\(alone.errors)")

            let config = try unruly(bootstrapping: "leave-stream", in: sandbox)
            let deployment = try await Deployment(config: config, in: sandbox)
            #expect(try deployment.connect().request("GET", "/measure").status == 200)
            try await deployment.end(by: SIGINT)
            // swift-log's own, on standard output.
            #expect(deployment.deployer.output.contains("notice unruly.own: [UnrulyApp] measured"))
            #expect(sandbox.leftBehind() == [])
        }

        private struct Span: Decodable {
            var traceId: String
            var spanId: String
            var parentSpanId: String?
            var name: String
            var kind: Int
            /// The replica.
            var process: String?
        }

        private struct Line: Decodable {
            struct Resource: Decodable {
                struct Attribute: Decodable {
                    struct Value: Decodable { var stringValue: String? }
                    var key: String
                    var value: Value
                }
                var attributes: [Attribute]
            }
            struct Scope: Decodable { var spans: [Span] }
            struct Part: Decodable {
                var resource: Resource
                var scopeSpans: [Scope]
            }
            var resourceSpans: [Part]
        }

        private static func spans(in file: String) throws -> [Span] {
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            return try lines.flatMap { line in
                try JSONDecoder().decode(Line.self, from: Data(line.utf8)).resourceSpans.flatMap { part in
                    let process = part.resource.attributes.first { $0.key == "service.instance.id" }?.value.stringValue
                    return part.scopeSpans.flatMap(\.spans).map { span in
                        var span = span
                        span.process = process
                        return span
                    }
                }
            }
        }
    }
}
