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
        var values: [String: any Sendable] = [:]
        for info in record.configs {
            do {
                let text = texts[record.component.name] ?? ""
                let section = try TOMLDecoder().decode(DecoderLoan.self, from: text)
                values[info.name] = try info.decode(section.decoder)
            } catch {
                throw ConfigSectionError(section: record.component.name, reason: Self.reason(of: error))
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
    /// What is wrong.
    package let reason: String

    /// `[Shop.Products]: the key 'database' is missing`.
    package var description: String { "[\(section)]: \(reason)" }
}
