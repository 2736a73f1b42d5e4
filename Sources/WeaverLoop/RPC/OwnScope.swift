internal import WeaverCore

/// The context object that a task has bound for itself (``CallContext/with(_:_:)``), as long as the task changes it.
///
/// Whoever else keeps the object, such as an unstructured task that has copied the task's locals, must not see another
/// call's context in it. So the task has to know whether it is the only owner, which Swift tells of an object with one
/// reference. There are two: the task's locals', and one in the frame that has bound it, which does nothing but wait. The
/// latter is given up for as long as this lives.
@safe
struct OwnScope: ~Copyable {
    private let scope: Unmanaged<CallScope>

    /// The current task's object; nil outside of a binding, or when it has more owners than those two already.
    static func ofThisTask() -> OwnScope? {
        // No reference to it is left here.
        guard let scope = unsafe CallScope.current.map({ unsafe Unmanaged.passUnretained($0) }) else { return nil }
        return unsafe OwnScope(scope)
    }

    private init?(_ scope: Unmanaged<CallScope>) {
        unsafe self.scope = scope
        unsafe scope.release()
        guard isShared else { return }
        unsafe _ = scope.retain()
        return nil
    }

    deinit {
        unsafe _ = scope.retain()
    }

    /// Changes the context.
    @inline(__always)
    func set(_ context: CallContext) {
        unsafe scope._withUnsafeGuaranteedRef { $0.context = context }
    }

    /// Whether somebody beside the task's locals has the object.
    var isShared: Bool {
        var address = unsafe scope.toOpaque()
        return unsafe withUnsafeMutablePointer(to: &address) { address in
            // The variable stands for the locals' reference, without counting as one.
            unsafe address.withMemoryRebound(to: CallScope.self, capacity: 1) { scope in
                unsafe !isKnownUniquelyReferenced(&scope.pointee)
            }
        }
    }
}
