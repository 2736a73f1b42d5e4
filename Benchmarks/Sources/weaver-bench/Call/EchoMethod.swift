import ArgumentParser

/// Which implementation answers.
enum EchoKind: String, ExpressibleByArgument, CaseIterable {
    case `struct`, actor, hop

    var title: String {
        switch self {
        case .struct: "struct"
        case .actor: "actor"
        case .hop: "suspends once"
        }
    }
}

/// What goes there and back.
enum PayloadKind: String, ExpressibleByArgument, CaseIterable {
    case bytes, text, records

    var title: String {
        switch self {
        case .bytes: "[UInt8]"
        case .text: "String"
        case .records: "[struct]"
        }
    }
}

/// One of this project's methods that are measured.
struct EchoMethod: Hashable {
    let kind: EchoKind
    let payload: PayloadKind

    /// What the peer's `--method` says.
    var name: String { "\(kind.rawValue)-\(payload.rawValue)" }

    /// The method of that name.
    init?(name: String) {
        let parts = name.split(separator: "-").map(String.init)
        guard parts.count == 2, let kind = EchoKind(rawValue: parts[0]), let payload = PayloadKind(rawValue: parts[1])
        else { return nil }
        self.init(kind, payload)
    }

    init(_ kind: EchoKind, _ payload: PayloadKind) {
        self.kind = kind
        self.payload = payload
    }

    /// What is measured when nothing is chosen.
    static let standard = [
        EchoMethod(.struct, .bytes), EchoMethod(.struct, .text), EchoMethod(.struct, .records),
        EchoMethod(.actor, .bytes), EchoMethod(.hop, .bytes),
    ]
}
