internal import CUV

/// The base of everything that libuv keeps a pointer to.
///
/// libuv's rule is that memory of an initialised handle may be freed only in its close callback. So a handle retains
/// itself from its initialisation to that callback: forgetting one leaks it, visibly in the loop's ``HandleCensus``,
/// and never frees memory that libuv still uses. A handle belongs to its loop's thread; use from another one traps.
@safe
package class UVHandle {
    package let loop: EventLoop
    package let kind: HandleKind
    private(set) var state: State = .open

    enum State { case open, closing, closed }

    /// The C structure; freed in the close callback.
    let raw: UnsafeMutablePointer<uv_handle_t>

    /// Allocates the C structure, lets `start` initialise it and takes it into the census.
    init<C>(
        loop: EventLoop, kind: HandleKind, as type: C.Type, operation: @autoclosure () -> String,
        start: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<C>) -> Int32
    ) throws(UVError) {
        loop.preconditionInLoop("\(kind.name).init")
        self.loop = loop
        self.kind = kind
        let memory = UnsafeMutablePointer<C>.allocate(capacity: 1)
        let code = unsafe start(loop.raw, memory)
        guard code >= 0 else {
            unsafe memory.deallocate()
            throw UVError(code: code, operation: operation())
        }
        unsafe raw = unsafe UnsafeMutableRawPointer(memory).assumingMemoryBound(to: uv_handle_t.self)
        loop.census.allocate(kind)
        unsafe raw.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
    }

    /// The object behind a pointer that libuv hands to a callback.
    static func of<H: UVHandle>(_ pointer: UnsafeMutableRawPointer?, as type: H.Type = H.self) -> H {
        unsafe unsafeDowncast(
            Unmanaged<UVHandle>.fromOpaque(pointer.unsafelyUnwrapped).takeUnretainedValue(), to: H.self)
    }

    /// The C structure as the kind of handle that it is.
    func pointer<C>(as type: C.Type = C.self) -> UnsafeMutablePointer<C> {
        unsafe UnsafeMutableRawPointer(raw).assumingMemoryBound(to: C.self)
    }

    /// Whether the handle may still be used.
    package var isOpen: Bool { state == .open }

    /// Traps, naming handle and call, when called from another thread than the loop's.
    @inline(__always)
    func checkThread(_ call: StaticString) {
        if !loop.isInLoop { loop.trapWrongThread("\(kind.name).\(call)") }
    }

    /// Closes the handle; it is freed once libuv has let go of it. Closing twice is harmless.
    package func close() {
        checkThread("close")
        guard state == .open else { return }
        state = .closing
        willClose()
        unsafe beginClosing { raw in
            guard let raw = unsafe raw else { return }
            let owner = unsafe Unmanaged<UVHandle>.fromOpaque(raw.pointee.data)
            let handle = unsafe owner.takeUnretainedValue()
            handle.state = .closed
            handle.loop.census.free(handle.kind)
            handle.loop.stall.workBegan()
            handle.didClose()
            unsafe raw.deallocate()
            unsafe owner.release()
        }
    }

    /// Hands the handle to libuv for closing.
    func beginClosing(_ callback: @escaping uv_close_cb) {
        unsafe uv_close(raw, callback)
    }

    /// Called once, before libuv is asked to close.
    func willClose() {}

    /// Called once, when libuv has let go: drop references to others here.
    func didClose() {}
}
