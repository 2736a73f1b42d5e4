/// A span that has ended: what one part of a request did, and how long it took.
package struct SpanRecord: Equatable, Sendable {
    /// What the span is to those next to it; the numbers are those of OTLP.
    package enum Kind: Int, Sendable {
        case `internal` = 1
        case server, client, producer, consumer
    }

    /// How it went.
    package enum Status: Equatable, Sendable {
        case unset
        case ok
        case error(String)
    }

    /// A value of an attribute.
    package enum Value: Equatable, Sendable {
        case string(String)
        case integer(Int64)
        case number(Double)
        case bool(Bool)
        case list([Value])
    }

    /// A name and a value.
    package struct Attribute: Equatable, Sendable {
        package var name: String
        package var value: Value

        package init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// Something that happened at a time.
    package struct Event: Equatable, Sendable {
        package var name: String
        /// Nanoseconds since 1970.
        package var time: UInt64
        package var attributes: [Attribute]

        package init(name: String, time: UInt64, attributes: [Attribute] = []) {
            self.name = name
            self.time = time
            self.attributes = attributes
        }
    }

    /// Another span, of any trace, that has to do with it.
    package struct Link: Equatable, Sendable {
        package var context: TraceContext
        package var attributes: [Attribute]

        package init(_ context: TraceContext, attributes: [Attribute] = []) {
            self.context = context
            self.attributes = attributes
        }
    }

    /// Where it is in its trace.
    package var context: TraceContext
    /// The id of the span that it is a part of; 0 for none.
    package var parent: UInt64
    package var name: String
    package var kind: Kind
    /// Nanoseconds since 1970.
    package var start: UInt64
    /// Nanoseconds since 1970.
    package var end: UInt64
    package var status = Status.unset
    package var attributes: [Attribute] = []
    package var events: [Event] = []
    package var links: [Link] = []
    /// Attributes, events and links that were too many.
    package var leftOut: UInt64 = 0

    package init(context: TraceContext, parent: UInt64, name: String, kind: Kind, start: UInt64) {
        self.context = context
        self.parent = parent
        self.name = name
        self.kind = kind
        self.start = start
        end = start
    }

    /// How many attributes a span, an event and a link have at most. 64.
    package static let maximumAttributes = 64
    /// How many events a span has at most, and how many links. 64.
    package static let maximumEvents = 64
    /// How long a name or a text is at most, in bytes. 4 KiB.
    package static let maximumTextLength = 4 << 10
    /// How many elements an attribute that is a list has at most. 64.
    package static let maximumListCount = 64
    /// The size to which a span is cut before it travels, in bytes of text. 64 KiB.
    package static let maximumSize = 64 << 10
}

extension SpanRecord: OutgoingEntry {
    /// What counts for each part besides its text, so that many empty ones are not free.
    private static let overhead = 32

    package var size: Int {
        var size = 2 * Self.overhead + name.utf8.count + context.state.utf8.count + Self.size(attributes)
        if case .error(let text) = status { size += text.utf8.count }
        size += events.reduce(0) { $0 + Self.overhead + $1.name.utf8.count + Self.size($1.attributes) }
        size += links.reduce(0) { $0 + Self.overhead + $1.context.state.utf8.count + Self.size($1.attributes) }
        return size
    }

    private static func size(_ attributes: [Attribute]) -> Int {
        attributes.reduce(0) { $0 + overhead + $1.name.utf8.count + size($1.value) }
    }

    private static func size(_ value: Value) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .integer, .number, .bool: 8
        case .list(let values): values.reduce(0) { $0 + overhead + size($1) }
        }
    }

    /// The span with texts, numbers of parts and size within the limits; what is left out is counted.
    package func cut() -> SpanRecord {
        var record = self
        record.name = name.cut(toUTF8: Self.maximumTextLength)
        if case .error(let text) = status { record.status = .error(text.cut(toUTF8: Self.maximumTextLength)) }
        record.attributes = Self.cut(attributes, &record.leftOut)
        record.events = events.prefix(Self.maximumEvents).map { event in
            Event(
                name: event.name.cut(toUTF8: Self.maximumTextLength), time: event.time,
                attributes: Self.cut(event.attributes, &record.leftOut))
        }
        record.links = links.prefix(Self.maximumEvents).map {
            Link($0.context, attributes: Self.cut($0.attributes, &record.leftOut))
        }
        record.leftOut += UInt64(events.count - record.events.count + links.count - record.links.count)
        // The latest go first: those that say what the span is about are set when it begins.
        while record.size > Self.maximumSize, !record.links.isEmpty { record.drop(\.links) }
        while record.size > Self.maximumSize, !record.events.isEmpty { record.drop(\.events) }
        while record.size > Self.maximumSize, !record.attributes.isEmpty { record.drop(\.attributes) }
        return record
    }

    private mutating func drop<Part>(_ parts: WritableKeyPath<SpanRecord, [Part]>) {
        self[keyPath: parts].removeLast()
        leftOut += 1
    }

    private static func cut(_ attributes: [Attribute], _ leftOut: inout UInt64) -> [Attribute] {
        leftOut += UInt64(max(0, attributes.count - maximumAttributes))
        return attributes.prefix(maximumAttributes).map {
            Attribute($0.name.cut(toUTF8: maximumTextLength), cut($0.value))
        }
    }

    private static func cut(_ value: Value) -> Value {
        switch value {
        case .string(let text): .string(text.cut(toUTF8: maximumTextLength))
        case .list(let values): .list(values.prefix(maximumListCount).map(cut))
        case .integer, .number, .bool: value
        }
    }
}
