internal import SwiftProtobuf
internal import WeaverCore
internal import WeaverProtocol

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension PBSetup {
    init(_ setup: SetupInfo) {
        self.init()
        protocolMin = setup.protocolVersions.lowerBound
        protocolMax = setup.protocolVersions.upperBound
        application = setup.application
        deploymentID = setup.deployment
        replicaID = setup.replica
        group = setup.group
        secret = .init(setup.secret)
        sections = setup.sections
        deadlineNanoseconds = Int64(clamping: setup.deadline.clampedNanoseconds)
        reachable = setup.reachable
        routed = setup.routed
        rpcSocket = setup.callSocket ?? ""
        if let rate = setup.tracesPerSecond { tracing = .with { $0.tracesPerSecond = UInt32(clamping: rate) } }
    }

    func value() throws -> SetupInfo {
        guard protocolMin <= protocolMax else { throw PipeDecodingError(description: "an empty range of protocols") }
        guard secret.count == SetupInfo.secretLength else {
            throw PipeDecodingError(description: "a secret of \(secret.count) bytes, not \(SetupInfo.secretLength)")
        }
        var setup = SetupInfo(
            application: application, deployment: deploymentID, replica: replicaID, group: group,
            secret: [UInt8](secret), sections: sections, deadline: .nanoseconds(max(0, deadlineNanoseconds)),
            reachable: reachable, routed: routed)
        setup.protocolVersions = protocolMin...protocolMax
        setup.callSocket = rpcSocket.isEmpty ? nil : rpcSocket
        setup.tracesPerSecond = hasTracing ? Int(tracing.tracesPerSecond) : nil
        return setup
    }
}

extension PBWeaveletInfo {
    init(_ info: WeaveletInfo) {
        self.init()
        `protocol` = info.protocolVersion
        rpcAddress = info.address
        pid = info.processID
        version = info.version
    }

    func value() -> WeaveletInfo {
        WeaveletInfo(protocolVersion: `protocol`, address: rpcAddress, processID: pid, version: version)
    }
}

extension PBRoutingInfo {
    init(_ info: RoutingInfo) {
        self.init()
        component = info.component
        replicas = info.replicas.map { replica in
            .with {
                $0.id = replica.id
                $0.address = replica.address
            }
        }
        givenUp = info.isGivenUp
        if let assignment = info.assignment {
            self.assignment = .with {
                $0.version = assignment.version
                $0.slices = assignment.slices.map { slice in
                    .with {
                        $0.start = slice.start
                        $0.replicas = slice.replicas
                    }
                }
            }
        }
    }

    func value() throws -> RoutingInfo {
        var info = RoutingInfo(
            component: component, replicas: replicas.map { .init(id: $0.id, address: $0.address) },
            isGivenUp: givenUp)
        if hasAssignment {
            let slices = assignment.slices.map { KeySlice(start: $0.start, replicas: $0.replicas) }
            guard let value = Assignment(version: assignment.version, slices: slices) else {
                throw PipeDecodingError(description: "slices of \(component) that are not in order from 0")
            }
            info.assignment = value
        }
        return info
    }
}

extension PBLogEntry {
    init(_ entry: LogEntry) {
        self.init()
        timeMicroseconds = entry.time
        level = Level(rawValue: entry.level.rawValue) ?? .info
        component = entry.component
        file = entry.file
        line = entry.line
        message = entry.message
        attributes = entry.attributes
        if entry.trace != 0 { traceID = .init(traceID: entry.trace) }
    }

    func value() -> LogEntry {
        LogEntry(
            time: timeMicroseconds, level: LogEntry.Level(rawValue: level.rawValue) ?? .info, component: component,
            file: file, line: line, message: message, attributes: attributes,
            trace: traceID.readTraceID() ?? 0)
    }
}
