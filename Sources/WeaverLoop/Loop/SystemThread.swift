#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Threads of the system, for what must not share one with anybody: loops, the watchdog, the writer of the log.
package enum SystemThread {
    /// Starts a thread that runs `body` and ends with it, and that nobody waits for. Traps when the system has no thread
    /// left, without which none of its users can do its work.
    package static func startDetached(_ body: @escaping @Sendable () -> Void) {
        pthread_detach(start(body))
    }

    /// Starts a thread that runs `body` and ends with it; somebody has to join or detach it. Traps as
    /// ``startDetached(_:)``.
    static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t {
        let start = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                #if canImport(Glibc)
                    let raw = unsafe argument.unsafelyUnwrapped
                #else
                    let raw = unsafe argument
                #endif
                unsafe Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, start.toOpaque())
        precondition(code == 0, "no thread can be started: errno \(code)")
        return thread
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
