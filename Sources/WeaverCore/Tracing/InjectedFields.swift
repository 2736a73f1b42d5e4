/// What an instrument has put into the fields of a call: the trace where it is one of W3C Trace Context, and all else as it is.
///
/// Names are compared as those of HTTP's fields are, without regard to case. What finds no room within the limits is left out: a call does not fail
/// because of what is said about it.
package struct InjectedFields: Sendable, Equatable {
    /// The fields by their names in lower case, those of W3C Trace Context among them.
    package private(set) var values: [String: String] = [:]
    private var bytes = 0

    /// No fields.
    package init() {}

    /// Sets the field `name`.
    package mutating func set(_ name: String, to value: String) {
        let name = name.lowercased()
        if let old = values.removeValue(forKey: name) { bytes -= name.utf8.count + old.utf8.count }
        let size = name.utf8.count + value.utf8.count
        guard values.count < RPCLimits.maximumFields, size <= RPCLimits.maximumFieldBytes - bytes else { return }
        values[name] = value
        bytes += size
    }

    /// Takes `traceparent` and `tracestate` out, where they are a trace; leaves them where they are something else.
    package mutating func takeTrace() -> TraceContext? {
        guard let parent = values[TraceContext.parentField],
            let trace = TraceContext(parent: parent, states: values[TraceContext.stateField].map { [$0] } ?? [])
        else { return nil }
        dropTrace()
        return trace
    }

    /// Takes `traceparent` and `tracestate` out, whatever they are.
    package mutating func dropTrace() {
        for name in [TraceContext.parentField, TraceContext.stateField] {
            if let value = values.removeValue(forKey: name) { bytes -= name.utf8.count + value.utf8.count }
        }
    }
}

extension CallContext {
    /// The field `name` as an instrument gets it at the callee.
    package func field(_ name: String) -> String? {
        let name = name.lowercased()
        if let field = fields[name] { return field }
        guard let trace else { return nil }
        return switch name {
        case TraceContext.parentField: trace.parentText
        case TraceContext.stateField: trace.state.isEmpty ? nil : trace.state
        default: nil
        }
    }
}
