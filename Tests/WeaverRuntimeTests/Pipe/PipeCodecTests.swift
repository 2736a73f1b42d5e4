import Testing
import WeaverCore

@testable import WeaverRuntime

@Suite struct PipeCodecTests {
    private static let setup = SetupInfo(
        application: "lemon", deployment: "d", replica: "r", group: ["main", "A.B"],
        secret: [UInt8](0..<UInt8(SetupInfo.secretLength)), sections: ["A.B": "x = 1\n"], deadline: .milliseconds(1500),
        reachable: ["A.B", "A.C"], routed: ["A.C"])

    private static let setupWithSocket = {
        var setup = Self.setup
        setup.callSocket = "/run/user/1000/weaver-x/r.sock"
        return setup
    }()

    private static let setupWithTraces = {
        var setup = Self.setup
        setup.tracesPerSecond = 0
        return setup
    }()

    private static let span = {
        var span = SpanRecord(
            context: TraceContext(traceID: .max - 5, spanID: .max, flags: TraceContext.sampled, state: "a=1"),
            parent: 3,
            name: "n", kind: .consumer, start: .max - 1)
        span.end = .max
        span.status = .error("it broke")
        span.attributes = [
            .init("text", .string("é")), .init("number", .integer(.min)), .init("part", .number(-0.5)),
            .init("yes", .bool(true)), .init("list", .list([.string("a"), .integer(1), .number(2), .bool(false)])),
        ]
        span.events = [.init(name: "e", time: 7, attributes: [.init("a", .bool(false))])]
        span.links = [.init(TraceContext(traceID: 1, spanID: 2, flags: 0), attributes: [.init("a", .string(""))])]
        span.leftOut = 9
        return span
    }()

    private static let bareSpan = SpanRecord(
        context: TraceContext(traceID: 1, spanID: 1, flags: TraceContext.sampled), parent: 0, name: "", kind: .internal,
        start: 0)

    private static let metrics = {
        var histogram = Histogram()
        for value in [0, 0.001, 7, 1e13] { histogram.record(value) }
        var report = MetricReport()
        report.definitions = MetricKind.allCases.enumerated().map { index, kind in
            .init(id: UInt32(index), MetricDefinition(kind, "m", [MetricLabel("b", "1"), MetricLabel("a", "")]))
        }
        report.changes = [
            .init(id: 0, .count(.max)), .init(id: 1, .number(1.5)), .init(id: 2, .number(-3)),
            .init(id: .max, .histogram(histogram)), .init(id: 4, .histogram(Histogram())),
        ]
        report.removed = [7, .max]
        report.refused = .max
        return report
    }()

    private static let toWeavelet: [EnvelopeMessage] = [
        .setup(setup), .setup(setupWithSocket), .setup(setupWithTraces), .componentsToStart([]),
        .componentsToStart(["main", "A.Bé"]),
        .routingInfo(RoutingInfo(component: "A.B", replicas: [])),
        .routingInfo(RoutingInfo(component: "A.B", replicas: [], isGivenUp: true)),
        .routingInfo(
            RoutingInfo(
                component: "A.B",
                replicas: [.init(id: "1", address: "127.0.0.1:1"), .init(id: "2", address: "unix:/x")],
                assignment: .equalSlices(version: .max, replicas: ["1", "2", "3"]))),
        .routingInfo(
            RoutingInfo(component: "A.B", replicas: [], assignment: .equalSlices(version: 0, replicas: []))),
        .address("127.0.0.1:0"), .listenerExported(proxyAddress: "127.0.0.1:80"), .done, .refused("no"), .healthCheck,
        .drain, .shutdown, .reportLoad, .unknown,
    ]

    private static let load = LoadReport(
        component: "A.C", version: .max, seconds: 0.5,
        slices: [
            SliceLoad(
                first: 0, last: 2, calls: 6, distinctKeys: 3, partCalls: [3, 1, 2],
                hotKeys: [KeyCalls(key: 0, calls: 3), KeyCalls(key: 2, calls: 2)]),
            SliceLoad(
                first: 3, last: .max, calls: LoadLimits.calls - 6, distinctKeys: 1,
                partCalls: Array(repeating: 0, count: 15) + [LoadLimits.calls - 6],
                hotKeys: [KeyCalls(key: .max, calls: 9)]),
        ])

    private static let toEnvelope: [WeaveletMessage] = [
        .info(WeaveletInfo(protocolVersion: 1, address: "127.0.0.1:9", processID: 4_194_304, version: "v")), .done,
        .refused("why"), .startComponent("A.B"), .getAddress(listener: "lemon"),
        .exportListener(listener: "lemon", address: "127.0.0.1:7"), .log([], dropped: .max),
        .log(
            LogEntry.Level.allCases.map {
                LogEntry(
                    time: .min, level: $0, component: "main", file: "a.swift", line: .max, message: "m\n\u{0}",
                    attributes: ["k": "v", "": ""], trace: $0 == .info ? .max : 0)
            }, dropped: 0),
        .spans([], dropped: .max), .spans([span, bareSpan], dropped: 0), .metrics(MetricReport()), .metrics(metrics),
        .health, .leaving(completed: true), .leaving(completed: false), .unknown, .load([]),
        .load([load, LoadReport(component: "", version: 0, seconds: LoadLimits.seconds, slices: [])]),
    ]

    @Test(arguments: [Int64.min, -1, 0, 1, .max])
    func `every message comes back as it was, with its id`(id: Int64) throws {
        for message in Self.toWeavelet {
            let decoded = try EnvelopeCodec.decode(EnvelopeCodec.encode(id: id, message))
            #expect(decoded.id == id)
            #expect(decoded.message == message)
        }
        for message in Self.toEnvelope {
            let decoded = try WeaveletCodec.decode(WeaveletCodec.encode(id: id, message))
            #expect(decoded.id == id)
            #expect(decoded.message == message)
        }
    }

    @Test func `a message cut anywhere never comes out as the whole one and never traps`() throws {
        for message in Self.toWeavelet {
            let bytes = try EnvelopeCodec.encode(id: 7, message)
            for end in bytes.indices {
                let decoded = try? EnvelopeCodec.decode(Array(bytes[..<end]))
                #expect(decoded?.message != message || message == .unknown)
            }
        }
    }

    @Test func `bytes with any one of them changed never trap`() throws {
        let messages =
            try Self.toWeavelet.map { try EnvelopeCodec.encode(id: 7, $0) }
            + Self.toEnvelope.map { try WeaveletCodec.encode(id: 7, $0) }
        for var bytes in messages {
            for index in bytes.indices {
                let kept = bytes[index]
                for change in [kept ^ 1, kept ^ 0x80, 0, 0xFF] {
                    bytes[index] = change
                    _ = try? EnvelopeCodec.decode(bytes)
                    _ = try? WeaveletCodec.decode(bytes)
                    _ = try? DescriptorCodec.decode(bytes)
                }
                bytes[index] = kept
            }
        }
    }

    @Test func `unknown fields and kinds are skipped`() throws {
        // Field 1000 as a varint, as a later version may send it: alone, and after a known kind.
        let later: [UInt8] = [0xC0, 0x3E, 0x05]
        #expect(try EnvelopeCodec.decode(later).message == .unknown)
        #expect(try EnvelopeCodec.decode(EnvelopeCodec.encode(id: 3, .drain) + later) == (3, .drain))
        #expect(try WeaveletCodec.decode(later).message == .unknown)
        #expect(try WeaveletCodec.decode([]) == (0, .unknown))
    }

    @Test func `a secret of another length is refused`() throws {
        for count in [0, SetupInfo.secretLength - 1, SetupInfo.secretLength + 1] {
            var setup = Self.setup
            setup.secret = [UInt8](repeating: 1, count: count)
            let bytes = try EnvelopeCodec.encode(id: 1, .setup(setup))
            let error = #expect(throws: PipeDecodingError.self) { try EnvelopeCodec.decode(bytes) }
            #expect(error?.description == "a secret of \(count) bytes, not 32")
        }
    }

    @Test func `a range of protocols that is empty is refused`() throws {
        // Field 2 (setup) with field 1 (protocol_min) 2 and field 2 (protocol_max) 1.
        let error = #expect(throws: PipeDecodingError.self) { try EnvelopeCodec.decode([0x12, 4, 0x08, 2, 0x10, 1]) }
        #expect(error?.description == "an empty range of protocols")
    }

    @Test func `slices that are not in order are refused`() throws {
        // Routing info (4) with an assignment (3) of one slice (2) that starts (1, fixed64) at 1.
        let slice: [UInt8] = [0x09, 1, 0, 0, 0, 0, 0, 0, 0]
        let assignment: [UInt8] = [0x12, UInt8(slice.count)] + slice
        let info: [UInt8] = [0x1A, UInt8(assignment.count)] + assignment
        let error = #expect(throws: PipeDecodingError.self) {
            try EnvelopeCodec.decode([0x22, UInt8(info.count)] + info)
        }
        #expect(error?.description == "slices of  that are not in order from 0")
    }
}

/// What a replica reports may be anything: it costs the report, not the replica and not the deployer.
@Suite struct LoadCodecTests {
    private func report(_ change: (inout LoadReport) -> Void = { _ in }) -> LoadReport {
        var report = LoadReport(
            component: "A.C", version: 1, seconds: 1,
            slices: [
                SliceLoad(
                    first: 0, last: .max, calls: 16, distinctKeys: 2, partCalls: Array(repeating: 1, count: 16),
                    hotKeys: [KeyCalls(key: 7, calls: 5)])
            ])
        change(&report)
        return report
    }

    private func decoded(_ reports: [LoadReport]) throws -> (reports: [LoadReport], problem: String?) {
        guard
            case .load(let reports, let problem) = try WeaveletCodec.decode(
                WeaveletCodec.encode(id: -1, .load(reports))
            ).message
        else { throw PipeDecodingError(description: "no load") }
        return (reports, problem)
    }

    @Test func `a report that makes no sense is dropped, and said why; those beside it are taken`() throws {
        let hostile: [(problem: String, report: LoadReport)] = [
            ("a report of nan s", report { $0.seconds = .nan }),
            ("a report of 0.0 s", report { $0.seconds = 0 }),
            ("slices that are not in order", report { $0.slices += $0.slices }),
            ("a slice of 17 parts", report { $0.slices[0].partCalls.append(0) }),
            ("a slice of 15 parts", report { $0.slices[0].partCalls.removeLast() }),
            ("more keys than calls", report { $0.slices[0].distinctKeys = 17 }),
            ("parts that are not the slice's calls", report { $0.slices[0].partCalls[0] = .max }),
            ("hot keys", report { $0.slices[0].hotKeys = Array(repeating: KeyCalls(key: 1, calls: 1), count: 17) }),
            ("a hot key outside of its slice", report { $0.slices[0].hotKeys[0].calls = .max }),
        ]
        for (expected, bad) in hostile {
            let (reports, problem) = try decoded([report(), bad, report { $0.component = "A.D" }])
            #expect(reports.map(\.component) == ["A.C", "A.D"], "\(expected)")
            #expect(problem?.contains(expected) == true, "\(expected): \(problem ?? "none")")
        }
        #expect(try decoded([report()]).problem == nil)
    }

    @Test func `as many reports and slices as the limits are taken and no more`() throws {
        let most = try decoded(Array(repeating: report(), count: LoadLimits.reports))
        #expect(most.reports.count == LoadLimits.reports && most.problem == nil)
        let tooMany = try decoded(Array(repeating: report(), count: LoadLimits.reports + 1))
        #expect(tooMany.reports.isEmpty && tooMany.problem == "1025 reports in one answer")
        func slices(_ count: Int) -> LoadReport {
            report {
                $0.slices = (0..<UInt64(count)).map {
                    SliceLoad(first: $0, last: $0, calls: 1, distinctKeys: 1, partCalls: [1], hotKeys: [])
                }
            }
        }
        #expect(try decoded([slices(LoadLimits.slices)]).reports.count == 1)
        let tooLarge = try decoded([slices(LoadLimits.slices + 1)])
        #expect(tooLarge.reports.isEmpty && tooLarge.problem == "a report of 4097 slices")
    }

    @Test func `fields of a later version are skipped`() throws {
        // Load (11) of one report (1) with an unknown field (1000, a varint) in it.
        let unknown: [UInt8] = [0x19, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0xC0, 0x3E, 0x05]
        let message = try WeaveletCodec.decode([0x5A, 14, 0x0A, 12] + unknown).message
        #expect(message == .load([LoadReport(component: "", version: 0, seconds: 1, slices: [])]))
    }
}

@Suite struct DescriptorCodecTests {
    @Test func `a descriptor comes back as it was`() throws {
        let descriptor = AppDescriptor(
            protocolVersions: 1...7, version: "v",
            components: [
                .init(
                    name: "A.B", implementation: "B", location: "b.swift:3", refs: ["A.C"], listeners: ["l"],
                    configKeys: ["k"], hasConfig: true, configIsOpen: true, isRouted: true),
                .init(name: "main"),
            ], problems: ["a cycle"])
        #expect(try DescriptorCodec.decode(DescriptorCodec.encode(descriptor)) == descriptor)
    }

    @Test func `what is no descriptor is refused`() {
        #expect(throws: PipeDecodingError.self) { try DescriptorCodec.decode([]) }
        #expect(throws: (any Error).self) { try DescriptorCodec.decode(Array("Usage: lemon [options]\n".utf8)) }
    }
}
