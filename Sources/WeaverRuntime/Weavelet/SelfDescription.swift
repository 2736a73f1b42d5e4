internal import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension AppDescriptor {
    /// What this binary says of itself: the components that it would run, or all that it has when they are wrong.
    init(linked: [ImplementationRecord], listed: [ImplementationRecord]) {
        do throws(ComponentProblems) {
            let registry = try ComponentRegistry(linked: linked, listed: listed)
            self.init(registry)
        } catch {
            self.init(
                version: BuildIdentity.current, components: (linked + listed).map(Component.init),
                problems: error.problems.map(\.description))
        }
    }

    /// The components of `registry`, in the order of their names.
    init(_ registry: ComponentRegistry) {
        self.init(
            version: BuildIdentity.current,
            components: registry.records.values.map(Component.init).sorted { $0.name < $1.name })
    }

    /// Decodes the config of each of `records` that is described here from `sections`, and notes what cannot be used.
    mutating func tryConfig(_ sections: [String: String], of records: [ImplementationRecord]) {
        let described = Set(components.map(\.name))
        let sections = ConfigSections(sections)
        for record in records where described.contains(record.component.name) {
            do throws(ConfigSectionError) {
                _ = try sections.values(for: record)
            } catch {
                configProblems.append(.init(component: error.section, key: error.key, reason: error.reason))
            }
        }
    }

    /// Writes the descriptor to `descriptor`, a pipe, and closes it.
    func write(to descriptor: Int32) throws {
        defer { close(descriptor) }
        var rest = try DescriptorCodec.encode(self)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { bytes in
                unsafe writeBytes(descriptor, bytes)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw DescriptionError(description: "the descriptor cannot be written: errno \(errno)")
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// write(2), which the descriptor's own method of that name hides.
private func writeBytes(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    unsafe write(descriptor, bytes.baseAddress, bytes.count)
}

/// The binary could not describe itself.
struct DescriptionError: Error, CustomStringConvertible {
    let description: String
}

extension AppDescriptor.Component {
    /// What `record` says of its component.
    init(_ record: ImplementationRecord) {
        self.init(
            name: record.component.name, implementation: record.implementation,
            location: record.location.description, refs: record.references.map(\.component),
            listeners: record.listeners,
            configKeys: record.configs.flatMap { config in
                (config.keys ?? []).map { AppDescriptor.ConfigKey(name: $0, type: "") }
            },
            hasConfig: !record.configs.isEmpty, configIsOpen: record.configs.contains { $0.keys == nil },
            isRouted: record.isRouted)
    }
}
