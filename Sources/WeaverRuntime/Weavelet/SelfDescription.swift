internal import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension AppDescriptor {
    /// What this binary says of itself: the components that it would run, or all that it has when they are wrong.
    ///
    /// - Parameters:
    ///   - findsConfigKeys: whether the keys of config sections are found, which runs code of the application; see
    ///   ``ConfigInfo/keys``. Otherwise any key may be valid.
    init(
        linked: [ImplementationRecord], listed: [ImplementationRecord], findsConfigKeys: Bool
    ) throws(BuildIdentity.Unknown) {
        let records: [ImplementationRecord]
        var problems: [String] = []
        do throws(ComponentProblems) {
            records = Array(try ComponentRegistry(linked: linked, listed: listed).records.values)
        } catch {
            records = linked + listed
            problems = error.problems.map(\.description)
        }
        self.init(
            version: try BuildIdentity.current(),
            components: records.map { Component($0, findsConfigKeys: findsConfigKeys) }.sorted { $0.name < $1.name },
            problems: problems)
    }

    /// What a config may speak of where only a part of a binary is run: the components of `registry`, and those of `others`,
    /// whatever is linked or listed. Of two that have one name an implementation with a section goes before one without, such
    /// as a test's fake. Keys of sections are not looked for: that runs code of the application.
    package init(running registry: ComponentRegistry, others: [ImplementationRecord]) throws(BuildIdentity.Unknown) {
        var records: [String: ImplementationRecord] = registry.records
        for record in others {
            let known = records[record.component.name].map { !$0.configs.isEmpty || record.configs.isEmpty } ?? false
            if !known { records[record.component.name] = record }
        }
        self.init(
            version: try BuildIdentity.current(),
            components: records.values.map { Component($0, findsConfigKeys: false) }.sorted { $0.name < $1.name })
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
    package init(_ record: ImplementationRecord, findsConfigKeys: Bool) {
        let keys = record.configs.map { findsConfigKeys ? $0.keys : nil }
        self.init(
            name: record.component.name, implementation: record.implementation,
            location: record.location.description, refs: record.references.map(\.component),
            listeners: record.listeners, configKeys: keys.flatMap { $0 ?? [] }, hasConfig: !record.configs.isEmpty,
            configIsOpen: keys.contains { $0 == nil }, isRouted: record.isRouted)
    }
}
