import SwiftSyntax

/// How the value of a type, as it is written, is put on the wire: tuples are taken apart, everything else is left to
/// the overloads of `WireCoding`.
indirect enum WireShape {
    case void
    case value(String)
    case tuple([(label: String?, shape: WireShape)])

    init(_ type: TypeSyntax) {
        let type = type.bare
        guard let tuple = type.as(TupleTypeSyntax.self) else {
            self = type.lastName == "Void" ? .void : .value(type.trimmedDescription)
            return
        }
        switch tuple.elements.count {
        case 0: self = .void
        default:
            self = .tuple(
                tuple.elements.map { element in
                    let label = element.firstName.flatMap { $0.text == "_" ? nil : $0.text }
                    return (label, WireShape(element.type))
                })
        }
    }

    /// The statements that write the value of the expression `value` into the encoder `wire`.
    func encode(_ value: String) -> [String] {
        switch self {
        case .void: []
        case .value: ["try WeaverRuntime.WireCoding.encode(\(value), into: &wire)"]
        case .tuple(let elements):
            elements.enumerated().flatMap { index, element in element.shape.encode("\(value).\(index)") }
        }
    }

    /// The expression that reads a value from the decoder `wire`.
    func decode(from wire: String) -> String {
        switch self {
        case .void: "()"
        case .value(let type): "try WeaverRuntime.WireCoding.decode(\(Self.metatype(type)), from: &\(wire))"
        case .tuple(let elements):
            "("
                + elements.map { element in
                    (element.label.map { "\($0): " } ?? "") + element.shape.decode(from: wire)
                }.joined(separator: ", ") + ")"
        }
    }

    static func metatype(_ type: String) -> String {
        type.contains(" ") && !type.hasPrefix("[") ? "(\(type)).self" : "\(type).self"
    }
}

extension TypeSyntax {
    /// The type without attributes, specifiers and needless parentheses.
    var bare: TypeSyntax {
        if let type = self.as(AttributedTypeSyntax.self) { return type.baseType.bare }
        if let tuple = self.as(TupleTypeSyntax.self), tuple.elements.count == 1,
            let only = tuple.elements.first, only.firstName == nil, only.ellipsis == nil
        {
            return only.type.bare
        }
        return self
    }
}
