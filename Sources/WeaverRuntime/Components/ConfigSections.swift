internal import TOMLKit

/// The config sections of this process's components, as TOML text by full name.
package struct ConfigSections: Sendable {
    private let texts: [String: String]

    /// Sections by the full name of their component.
    package init(_ texts: [String: String] = [:]) {
        self.texts = texts
    }

    /// Decodes the value of each `@Config` property of `record`, by the property's name. A component without a section
    /// is decoded from an empty one, so that a config whose keys are all optional needs none.
    package func values(for record: ImplementationRecord) throws(ConfigSectionError) -> [String: any Sendable] {
        try values(for: record, noting: nil)
    }

    /// Decodes the section of `record`, and says which of its keys were not read by that.
    func reading(by record: ImplementationRecord) -> Reading {
        let keys = ReadKeys()
        var failure: ConfigSectionError?
        do throws(ConfigSectionError) { _ = try values(for: record, noting: keys) } catch { failure = error }
        let table = texts[record.component.name].flatMap { try? TOMLTable(string: $0) }
        let unread = keys.isOpen ? [] : (table?.keys ?? []).filter { !keys.names.contains($0) }.sorted()
        return Reading(failure: failure, read: keys.names, unread: unread)
    }

    /// How a section was read.
    struct Reading {
        /// Why it could not be.
        let failure: ConfigSectionError?
        /// The keys that were asked for, up to the failure.
        let read: Set<String>
        /// The keys that the section has and nothing has asked for.
        let unread: [String]
    }

    private func values(
        for record: ImplementationRecord, noting keys: ReadKeys?
    ) throws(ConfigSectionError) -> [String: any Sendable] {
        var values: [String: any Sendable] = [:]
        for info in record.configs {
            let text = texts[record.component.name] ?? ""
            do {
                let decoder = try TOMLDecoder().decode(DecoderLoan.self, from: text).decoder
                values[info.name] = try info.decode(keys?.noting(decoder) ?? decoder)
            } catch {
                throw Self.error(error, section: record.component.name, text: text)
            }
        }
        return values
    }

    /// TOMLKit hands its decoder to nobody but a `Decodable`.
    private struct DecoderLoan: Decodable {
        let decoder: any Decoder

        init(from decoder: any Decoder) throws {
            self.decoder = decoder
        }
    }

    private static func error(_ error: any Error, section: String, text: String) -> ConfigSectionError {
        switch error {
        case DecodingError.keyNotFound(let key, _) where !hasKey(key.stringValue, text):
            return ConfigSectionError(
                section: section, key: nil, reason: reason(of: error), missing: key.stringValue)
        case DecodingError.keyNotFound(let key, _):
            // TOMLKit says of a value of another type that it was not found.
            let reason = "the value of '\(key.stringValue)' is of another type than the component reads"
            return ConfigSectionError(section: section, key: key.stringValue, reason: reason)
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            return ConfigSectionError(
                section: section, key: context.codingPath.first?.stringValue, reason: reason(of: error))
        default:
            return ConfigSectionError(section: section, key: nil, reason: reason(of: error))
        }
    }

    private static func hasKey(_ key: String, _ text: String) -> Bool {
        (try? TOMLTable(string: text))?.contains(key: key) ?? false
    }

    private static func reason(of error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _):
            "the key '\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(let type, let context):
            "the value of \(path(context)) is no \(type)"
        case DecodingError.valueNotFound(let type, let context):
            "\(path(context)) has no value of type \(type)"
        case DecodingError.dataCorrupted(let context):
            "\(path(context)): \(context.debugDescription)"
        default:
            "\(error)"
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        "'\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    }
}

/// A section of the config that a component cannot use.
package struct ConfigSectionError: Error, CustomStringConvertible {
    /// The section, by the full name of its component.
    package let section: String
    /// The key in it, where one is to blame.
    package let key: String?
    /// What is wrong.
    package let reason: String
    /// The key that there is none of, where that is what is wrong.
    var missing: String?

    /// `[Shop.Products]: the key 'database' is missing`.
    package var description: String { "[\(section)]: \(reason)" }
}
