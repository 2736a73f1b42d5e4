/// State of an object that belongs to the loop's thread, kept outside of the object.
///
/// Swift checks each access to a class's stored property for exclusivity at run time where it cannot prove it, at some 150
/// instructions; a third of a small call's were such checks. What is in here is checked in debug builds only: two accesses
/// must not overlap, of which one changes it.
@safe
@usableFromInline
package struct LoopState<Value: ~Copyable>: ~Copyable {
    @usableFromInline let pointer: UnsafeMutablePointer<Value>
    #if DEBUG
        @usableFromInline let isLent: UnsafeMutablePointer<Bool>
    #endif

    @inlinable
    package init(_ value: consuming Value) {
        unsafe pointer = .allocate(capacity: 1)
        unsafe pointer.initialize(to: value)
        #if DEBUG
            unsafe isLent = .allocate(capacity: 1)
            unsafe isLent.initialize(to: false)
        #endif
    }

    @inlinable
    deinit {
        unsafe pointer.deinitialize(count: 1)
        unsafe pointer.deallocate()
        #if DEBUG
            unsafe isLent.deallocate()
        #endif
    }

    /// The state. It may be changed through a constant, because it is the pointer that is constant.
    @inlinable
    package var value: Value {
        @inline(__always) _read {
            #if DEBUG
                precondition(unsafe !isLent.pointee, "state of the loop is read while it is being changed")
            #endif
            yield unsafe pointer.pointee
        }
        @inline(__always) nonmutating _modify {
            #if DEBUG
                precondition(unsafe !isLent.pointee, "state of the loop is changed while it is being changed")
                unsafe isLent.pointee = true
                defer { unsafe isLent.pointee = false }
            #endif
            yield unsafe &pointer.pointee
        }
    }
}
