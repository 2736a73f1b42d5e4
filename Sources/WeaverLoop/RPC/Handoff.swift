/// Carries a value to the loop's thread that only one side uses at a time: the giver lets go of it.
struct Handoff<Value>: @unchecked Sendable {
    // @unchecked: the giver does not keep the value.
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}

/// A reference that does not keep its object, for callbacks that are made before the object is.
final class WeakBox<Object: AnyObject> {
    weak var value: Object?
}
