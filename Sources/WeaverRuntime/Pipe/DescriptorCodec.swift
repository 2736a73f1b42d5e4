internal import SwiftProtobuf
package import WeaverCore
internal import WeaverProtocol

/// The bytes of an ``AppDescriptor``, which a binary writes when it is asked to describe itself.
package enum DescriptorCodec {
    /// The largest descriptor that is read, in bytes.
    package static let maximumSize = 16 << 20

    package static func encode(_ descriptor: AppDescriptor) throws -> [UInt8] {
        var wire = PBDescriptor()
        wire.protocolMin = descriptor.protocolVersions.lowerBound
        wire.protocolMax = descriptor.protocolVersions.upperBound
        wire.version = descriptor.version
        wire.problems = descriptor.problems
        wire.configProblems = descriptor.configProblems.map { problem in
            .with {
                $0.component = problem.component
                $0.key = problem.key ?? ""
                $0.reason = problem.reason
            }
        }
        wire.components = descriptor.components.map { component in
            .with {
                $0.name = component.name
                $0.implementation = component.implementation
                $0.location = component.location
                $0.refs = component.refs
                $0.listeners = component.listeners
                $0.config = component.configKeys.map { key in .with { $0.name = key } }
                $0.hasConfig_p = component.hasConfig
                $0.configIsOpen = component.configIsOpen
                $0.routed = component.isRouted
            }
        }
        return try wire.serializedBytes()
    }

    package static func decode(_ bytes: [UInt8]) throws -> AppDescriptor {
        let wire = try PBDescriptor(serializedBytes: bytes)
        guard wire.protocolMin <= wire.protocolMax, wire.protocolMin > 0 else {
            throw PipeDecodingError(description: "a descriptor without a range of protocols")
        }
        var descriptor = AppDescriptor(
            protocolVersions: wire.protocolMin...wire.protocolMax, version: wire.version,
            components: wire.components.map { component in
                AppDescriptor.Component(
                    name: component.name, implementation: component.implementation, location: component.location,
                    refs: component.refs, listeners: component.listeners,
                    configKeys: component.config.map(\.name),
                    hasConfig: component.hasConfig_p, configIsOpen: component.configIsOpen,
                    isRouted: component.routed)
            }, problems: wire.problems)
        descriptor.configProblems = wire.configProblems.map {
            .init(component: $0.component, key: $0.key.isEmpty ? nil : $0.key, reason: $0.reason)
        }
        return descriptor
    }

    /// The bytes of the sections that a binary is given to try.
    package static func encode(sections: [String: String]) throws -> [UInt8] {
        try PBSections.with { $0.sections = sections }.serializedBytes()
    }

    /// What ``encode(sections:)`` has written.
    package static func decodeSections(_ bytes: [UInt8]) throws -> [String: String] {
        try PBSections(serializedBytes: bytes).sections
    }
}
