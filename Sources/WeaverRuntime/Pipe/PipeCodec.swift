internal import SwiftProtobuf
package import WeaverCore
internal import WeaverProtocol

/// One direction of the pipe protocol: between the core's values and the bytes of the published contract.
package protocol PipeCodec {
    associatedtype Message: Sendable
    /// The bytes of a message, without the count before them.
    static func encode(id: Int64, _ message: Message) throws -> [UInt8]
    /// A message from its bytes; throws ``PipeDecodingError`` or what the protobuf library throws.
    static func decode(_ bytes: [UInt8]) throws -> (id: Int64, message: Message)
}

/// A message that protobuf can read but that makes no sense.
package struct PipeDecodingError: Error, CustomStringConvertible {
    package let description: String
}

/// What the deployer sends.
package enum EnvelopeCodec: PipeCodec {
    package static func encode(id: Int64, _ message: EnvelopeMessage) throws -> [UInt8] {
        var wire = PBEnvelopeMessage()
        wire.id = id
        switch message {
        case .setup(let setup): wire.setup = PBSetup(setup)
        case .componentsToStart(let names): wire.componentsToStart = .with { $0.components = names }
        case .routingInfo(let info): wire.routingInfo = PBRoutingInfo(info)
        case .address(let address): wire.address = .with { $0.address = address }
        case .listenerExported(let address): wire.listenerExported = .with { $0.proxyAddress = address }
        case .done: wire.done = PBDone()
        case .refused(let reason): wire.refused = .with { $0.message = reason }
        case .healthCheck: wire.healthCheck = PBHealthCheck()
        case .drain: wire.drain = PBDrain()
        case .shutdown: wire.shutdown = PBShutdown()
        case .reportLoad: wire.reportLoad = PBReportLoad()
        case .unknown: break
        }
        return try wire.serializedBytes()
    }

    package static func decode(_ bytes: [UInt8]) throws -> (id: Int64, message: EnvelopeMessage) {
        let wire = try PBEnvelopeMessage(serializedBytes: bytes)
        let message: EnvelopeMessage =
            switch wire.kind {
            case .setup(let setup): .setup(try setup.value())
            case .componentsToStart(let list): .componentsToStart(list.components)
            case .routingInfo(let info): .routingInfo(try info.value())
            case .address(let address): .address(address.address)
            case .listenerExported(let exported): .listenerExported(proxyAddress: exported.proxyAddress)
            case .done: .done
            case .refused(let refused): .refused(refused.message)
            case .healthCheck: .healthCheck
            case .drain: .drain
            case .shutdown: .shutdown
            case .reportLoad: .reportLoad
            case nil: .unknown
            }
        return (wire.id, message)
    }
}

/// What a weavelet sends.
package enum WeaveletCodec: PipeCodec {
    package static func encode(id: Int64, _ message: WeaveletMessage) throws -> [UInt8] {
        var wire = PBWeaveletMessage()
        wire.id = id
        switch message {
        case .info(let info): wire.info = PBWeaveletInfo(info)
        case .done: wire.done = PBDone()
        case .refused(let reason): wire.refused = .with { $0.message = reason }
        case .startComponent(let name): wire.startComponent = .with { $0.component = name }
        case .getAddress(let listener): wire.getAddress = .with { $0.listener = listener }
        case .exportListener(let listener, let address):
            wire.exportListener = .with {
                $0.listener = listener
                $0.address = address
            }
        case .log(let entries, let dropped):
            wire.logBatch = .with {
                $0.entries = entries.map(PBLogEntry.init)
                $0.dropped = dropped
            }
        case .spans(let spans, let dropped): wire.spanBatch = PBSpanBatch(spans, dropped: dropped)
        case .metrics(let report, _): wire.metricReport = PBMetricReport(report)
        case .health: wire.health = PBHealth()
        case .leaving(let completed): wire.leaving = .with { $0.completed = completed }
        case .load(let reports, _): wire.load = PBLoad(reports)
        case .unknown: break
        }
        return try wire.serializedBytes()
    }

    package static func decode(_ bytes: [UInt8]) throws -> (id: Int64, message: WeaveletMessage) {
        let wire = try PBWeaveletMessage(serializedBytes: bytes)
        let message: WeaveletMessage =
            switch wire.kind {
            case .info(let info): .info(info.value())
            case .done: .done
            case .refused(let refused): .refused(refused.message)
            case .startComponent(let start): .startComponent(start.component)
            case .getAddress(let get): .getAddress(listener: get.listener)
            case .exportListener(let export): .exportListener(listener: export.listener, address: export.address)
            case .logBatch(let batch): .log(batch.entries.map { $0.value() }, dropped: batch.dropped)
            case .spanBatch(let batch): batch.value()
            case .metricReport(let report): report.value()
            case .health: .health
            case .leaving(let leaving): .leaving(completed: leaving.completed)
            case .load(let load): load.value()
            case nil: .unknown
            }
        return (wire.id, message)
    }
}
