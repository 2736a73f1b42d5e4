import Foundation
import TestSupport
import Testing

@testable import WeaverCLI
@testable import WeaverCore
@testable import WeaverLoop
@testable import WeaverRuntime
@testable import WeaverTesting

/// The tables of the documentation say what the code says.
@Suite struct LimitsTests {
    private static let catalog = "Sources/WeaverRuntime/WeaverRuntime.docc"

    /// Types whose stored properties are limits, each with its defaults.
    private static let groups: [(name: String, defaults: any Sendable)] = [
        ("RPCLimits", RPCLimits()), ("OutlierLimits", OutlierLimits()), ("RetryPolicy", RetryPolicy()),
        ("Babysitter.Limits", Babysitter.Limits()), ("RestartPolicy.Limits", RestartPolicy.Limits()),
        ("Assigner.Limits", Assigner.Limits()), ("Watchdog.Limits", Watchdog.Limits()),
        ("HTTPLimits", HTTPLimits()), ("HTTPServerConfiguration", servers),
        ("OutgoingBuffer.Limits", OutgoingBuffer<LogEntry>.Limits()),
        ("ReverseProxyConfiguration", ReverseProxyConfiguration()),
    ]

    /// One that may open any number of files: how many it may decides about its connections.
    private static var servers: HTTPServerConfiguration {
        var servers = HTTPServerConfiguration()
        servers.maximumConnections = HTTPServerConfiguration.connections(forDescriptors: .max)
        return servers
    }

    /// Limits that stand alone.
    private static let single: [(name: String, value: any Sendable)] = [
        ("RPCLimits.maximumHelloLength", RPCLimits.maximumHelloLength),
        ("RPCLimits.maximumMetadataPairs", RPCLimits.maximumMetadataPairs),
        ("RPCLimits.maximumMetadataBytes", RPCLimits.maximumMetadataBytes),
        ("RPCLimits.maximumFields", RPCLimits.maximumFields),
        ("RPCLimits.maximumFieldBytes", RPCLimits.maximumFieldBytes),
        ("RPCLimits.maximumErrorTextBytes", RPCLimits.maximumErrorTextBytes),
        ("WireLimits.nestingDepth", WireLimits.nestingDepth),
        ("WireLimits.decodedMemoryFloor", WireLimits.decodedMemoryFloor),
        ("WireLimits.decodedMemoryPerByte", WireLimits.decodedMemoryPerByte),
        ("RetryBudget.callsPerRetry", RetryBudget.callsPerRetry),
        ("RetryBudget.maximumRetries", RetryBudget.maximumRetries),
        ("CallPacing.sliceLength", CallPacing.sliceLength),
        ("LoadRecorder.maximumSlices", LoadRecorder.maximumSlices), ("LoadLimits.reports", LoadLimits.reports),
        ("LoadLimits.calls", LoadLimits.calls), ("LoadLimits.seconds", LoadLimits.seconds),
        ("EndBounds.release", EndBounds.release), ("EndBounds.drain", EndBounds.drain),
        ("EndBounds.lastCalls", EndBounds.lastCalls), ("EndBounds.lastStarts", EndBounds.lastStarts),
        ("EndBounds.stop", EndBounds.stop), ("EndBounds.flush", EndBounds.flush),
        ("EndBounds.margin", EndBounds.margin), ("Teardown.terminateBound", Teardown.terminateBound),
        ("Teardown.killInterval", Teardown.killInterval), ("MultiStopCommand.bound", MultiStopCommand.bound),
        ("PackageName.maximumLength", PackageName.maximumLength),
        ("ProxyExchange.maximumAttempts", ProxyExchange.maximumAttempts),
        ("BackendTable.maximumDoublings", BackendTable.maximumDoublings),
        ("ProxyExchange.maximumRecoveries", ProxyExchange.maximumRecoveries),
        ("ProxyExchange.maximumSendings", ProxyExchange.maximumSendings),
        ("ProxyExchange.maximumRepeatsAfterFresh", ProxyExchange.maximumRepeatsAfterFresh),
        ("ProxyProtocolHeader.maximumBytes", ProxyProtocolHeader.maximumBytes),
        ("ProxyProtocolHeader.maximumLineBytes", ProxyProtocolHeader.maximumLineBytes),
        ("RequestID.maximumBytes", RequestID.maximumBytes),
        ("WebSocket.defaultMessageLimit", WebSocket.defaultMessageLimit),
        ("ReceivedQueue.highWaterMark", ReceivedBytes.highWaterMark),
        ("ReceivedQueue.lowWaterMark", ReceivedBytes.lowWaterMark),
        ("WebSocketTunnel.framesPerTurn", WebSocketTunnel.framesPerTurn),
        ("WriterRoom.bytesPerTurn", WriterRoom.bytesPerTurn),
        ("WriterRoom.leastBytesPerWrite", WriterRoom.leastBytesPerWrite),
        ("AccessLogEntry.maximumFieldBytes", AccessLogEntry.maximumFieldBytes),
        ("LogEntry.maximumSize", LogEntry.maximumSize), ("LineSplitter.maximumLength", LineSplitter.maximumLength),
        ("LineQueue.defaultCapacity", LineQueue.defaultCapacity),
        ("MultiDeployment.logFlushBound", MultiDeployment.logFlushBound),
        ("MetricLimits.series", MetricLimits.series), ("MetricLimits.deploymentSeries", MetricLimits.deploymentSeries),
        ("MetricLimits.nameBytes", MetricLimits.nameBytes), ("MetricLimits.labels", MetricLimits.labels),
        ("MetricLimits.labelValueBytes", MetricLimits.labelValueBytes),
        ("MetricLimits.interval", MetricLimits.interval), ("RootSampler.defaultRate", RootSampler.defaultRate),
        ("RootSampler.rates", RootSampler.rates), ("SpanRecord.maximumAttributes", SpanRecord.maximumAttributes),
        ("SpanRecord.maximumEvents", SpanRecord.maximumEvents),
        ("SpanRecord.maximumTextLength", SpanRecord.maximumTextLength),
        ("SpanRecord.maximumListCount", SpanRecord.maximumListCount),
        ("SpanRecord.maximumSize", SpanRecord.maximumSize),
        ("TraceContext.maximumStateLength", TraceContext.maximumStateLength),
        ("TraceContext.maximumStateEntries", TraceContext.maximumStateEntries),
        ("AppConfig.defaultDeadline", AppConfig.defaultDeadline), ("AppConfig.replicaRange", AppConfig.replicaRange),
        ("AppConfig.maximumSize", AppConfig.maximumSize),
        ("AppConfig.maximumNameLength", AppConfig.maximumNameLength),
        ("ProcessLimits.openFiles", ProcessLimits.openFiles), ("DescriptorProbe.timeout", DescriptorProbe.timeout),
        ("SocketAddress.maximumPathLength", SocketAddress.maximumPathLength),
        ("PipeLimits.messageSize", PipeLimits.messageSize), ("PipeLimits.openRequests", PipeLimits.openRequests),
        ("DescriptorCodec.maximumSize", DescriptorCodec.maximumSize),
        ("StatusClient.answerTimeout", StatusClient.answerTimeout),
        ("StatusProtocol.maximumCommandLength", StatusProtocol.maximumCommandLength),
        ("StatusProtocol.maximumAnswerLength", StatusProtocol.maximumAnswerLength),
        ("StatusProtocol.maximumConnections", StatusProtocol.maximumConnections),
        ("StatusProtocol.commandTimeout", StatusProtocol.commandTimeout),
        ("DeploymentRegistry.entryLimit", DeploymentRegistry.entryLimit),
        ("DeploymentRegistry.countLimit", DeploymentRegistry.countLimit),
        ("TestDeployment.defaultStartTimeout", TestDeployment.defaultStartTimeout),
        ("TestLog.maximumSize", TestLog.maximumSize),
        ("TestLog.linesInErrors", TestLog.linesInErrors),
    ]

    /// Names that sound like limits, and why no reader needs them.
    private static let notForReaders = [
        "ServerCallTable.maximumSlots": "how far a table grows, as the calls in flight do",
        "CallPacing.maximumStride": "how often a clock is read", "Hello.maximumTextBytes": "within the longest hello",
        "NearestName.maximumLength": "of advice in messages", "SizeText.maximumDigits": "of what is written",
        "DurationText.maximum": "beyond every range", "SliceLoad.maximumHotKeys": "of a report's picture",
        "PipeFrameDecoder.keptCapacity": "memory that is kept", "SplicePipe.capacity": "asked of the kernel",
        "HeldBytes.keptCapacity": "memory that is kept", "ProxiedClient.keptHeadCapacity": "memory that is kept",
        "KnownField.longestName": "of the fields that are known", "ConfigKeys.depthLimit": "of a probe",
        "KeyScanner.depthLimit": "of nested TOML, of which the parser allows less",
        "AppConfig.deadlineRange": "said with the default", "AppConfig.loadIntervalRange": "said with the default",
        "ComponentHost.defaultStopBound": "EndBounds.stop", "Weavelet.flushBound": "EndBounds.flush",
        "DeployedEnvironment.longestPause": "between requests to the deployer",
        "CallWorkers.maximumIdle": "tasks that are kept", "ChildProcess.descriptorLimit": "of what a child inherits",
        "ComponentNames.mostListed": "of advice in messages",
        "OutputBuffer.minimumCapacity": "memory that is kept", "Ring.initialCapacity": "memory that is kept",
        "IPAddress.longestGap": "in the text of an address", "SockAddr.bound": "an address",
        "HTTPStatus.requestTimeout": "a status", "HTTPStatus.gatewayTimeout": "a status",
    ]

    private static var limits: [String: LimitValue] {
        var limits: [String: LimitValue] = [:]
        for (group, defaults) in groups {
            for child in Mirror(reflecting: defaults).children {
                if let label = child.label, let value = LimitValue(child.value) { limits["\(group).\(label)"] = value }
            }
        }
        for (name, value) in single { limits[name] = LimitValue(value) }
        return limits
    }

    /// The rows of all tables of a page, without the heads.
    private static func rows(of name: String) throws -> [[String]] {
        try MarkdownPage("\(catalog)/\(name).md").prose.map(\.text).filter {
            $0.hasPrefix("| `") && !$0.hasPrefix("| ``")
        }.map { line in
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private static func unquoted(_ cell: String) -> String { cell.filter { $0 != "`" } }

    @Test func theTableOfLimitsHasEachWithItsDefault() throws {
        var documented: Set<String> = []
        for row in try Self.rows(of: "Limits") {
            let name = Self.unquoted(row[0])
            #expect(documented.insert(name).inserted, "\(name) stands there twice")
            #expect(row.count == 3 && !row[2].isEmpty, "\(name) does not say what happens")
            guard let value = Self.limits[name] else {
                Issue.record("\(name) is no limit of the code")
                continue
            }
            #expect(LimitValue(documented: row[1]) == value, "\(name): \(row[1])")
        }
        let missing = Set(Self.limits.keys).subtracting(documented)
        #expect(missing.isEmpty, "\(missing.sorted())")
    }

    @Test func noLimitOfTheSourcesIsForgotten() throws {
        let known = Set(Self.limits.keys).union(Self.notForReaders.keys)
        let found = try SourceLimits.all()
        let forgotten = found.subtracting(known)
        #expect(forgotten.isEmpty, "\(forgotten.sorted()): document them, or say why nobody needs them")
        let gone = Set(Self.notForReaders.keys).subtracting(found)
        #expect(gone.isEmpty, "\(gone.sorted()) are excused and gone")
    }

    @Test func theTableOfProxySettingsHasEachWithItsDefault() throws {
        let rows = try Self.rows(of: "Proxy")
        #expect(rows.map { Self.unquoted($0[0]) } == ProxySetting.all.map(\.key))
        for (row, setting) in zip(rows, ProxySetting.all) {
            // "16 KiB" and "1 h" there, "16KiB" and "1h" on the command line.
            let documented = row.last?.filter { $0 != " " }
            let isSame =
                documented == setting.defaultText.filter { $0 != " " }
                || row.last.flatMap(LimitValue.init(documented:))
                    == DurationText.parse(setting.defaultText)
                    .flatMap(LimitValue.init)
            #expect(isSame, "\(setting.key): \(row.last ?? "") and \(setting.defaultText)")
        }
    }

    @Test func theTableOfTheConfigHasEveryKey() throws {
        let documented = try Self.rows(of: "Configuration").map { $0[0] }.joined(separator: " ")
        for key in ConfigReader.weaverKeys + ConfigReader.deployerKeys + ConfigReader.groupKeys {
            #expect(documented.contains(key), "\(key)")
        }
        #expect(documented.contains("address"))
    }

    @Test func theTableOfCallErrorsHasEveryCode() throws {
        let rows = try Self.rows(of: "Calls").map { Self.unquoted($0[0]) }
        let codes = (1...UInt8.max).map { CallError.Code(rawValue: $0).description }.prefix { !$0.hasPrefix("code ") }
        #expect(rows == Array(codes))
    }
}

/// What the sources call a limit.
private enum SourceLimits {
    /// `Type.name` of each constant whose name is that of a limit.
    static func all() throws -> Set<String> {
        let root = CompilerHarness.package.appending(path: "Sources")
        let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
        var found: Set<String> = []
        for name in names where name.hasSuffix(".swift") && !name.contains("WeaverMacros/") {
            var types: [(indent: Int, name: String)] = []
            for line in try String(contentsOf: root.appending(path: name), encoding: .utf8).split(separator: "\n") {
                let indent = line.utf8.prefix { $0 == UInt8(ascii: " ") }.count
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                if let type = typeName(line, words) {
                    types.removeAll { $0.indent >= indent }
                    types.append((indent, type))
                } else if let constant = words.firstIndex(of: "static"), constant + 2 < words.count,
                    String(words[constant + 2]).wholeMatch(of: pattern) != nil,
                    let type = types.last(where: { $0.indent < indent })
                {
                    found.insert("\(type.name).\(words[constant + 2])")
                }
            }
        }
        return found
    }

    /// The name of the type that a line begins.
    private static func typeName(_ line: Substring, _ words: [Substring]) -> String? {
        guard line.hasSuffix("{"), !line.contains("//"),
            let keyword = words.firstIndex(where: { ["enum", "struct", "class", "actor", "extension"].contains($0) }),
            keyword + 1 < words.count
        else { return nil }
        return String(words[keyword + 1])
    }

    private static var pattern: Regex<Substring> {
        #/(?:maximum\w*|\w*[lL]imit|\w*[bB]ound|\w*[tT]imeout|\w*[cC]apacity|\w*Range|most\w*|longest\w*|largest)/#
    }
}
