/// A reference that does not keep its object, for callbacks that are made before the object is, and that are gone before it.
///
/// Not weak: each count of an object that something weak points to takes a slower way, for ever.
final class BackReference<Object: AnyObject> {
    unowned var object: Object?
}
