/// A reference that does not keep its object, for callbacks that are made before the object is.
final class WeakBox<Object: AnyObject> {
    weak var value: Object?
}
