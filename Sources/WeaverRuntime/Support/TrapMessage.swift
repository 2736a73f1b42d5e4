#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Says why, where another library traps because of what the application has done: in release builds a trap is silent.
enum TrapMessage {
    /// The signals of traps, of all processors.
    private static let signals = [SIGILL, SIGTRAP]

    /// Runs `body`. When that traps, the process ends as ever, and `message` is on standard error. Not for bodies that wait:
    /// traps of other threads would be given that reason.
    static func with(_ message: StaticString, _ body: () -> Void) {
        var previous: [sigaction] = []
        for number in signals {
            var old = sigaction()
            unsafe sigaction(number, nil, &old)
            previous.append(old)
        }
        unsafe said = message
        for number in signals {
            _ = signal(number) { number in
                unsafe write(STDERR_FILENO, said.utf8Start, said.utf8CodeUnitCount)
                // The instruction that has trapped is run again, and ends the process.
                _ = signal(number, SIG_DFL)
            }
        }
        body()
        for (number, var old) in zip(signals, previous) { unsafe sigaction(number, &old, nil) }
    }
}

// Not in the type: the handler is a C function. Set before it is installed, because it must not take a lock.
private nonisolated(unsafe) var said: StaticString = ""
