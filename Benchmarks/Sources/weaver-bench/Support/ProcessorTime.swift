#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The processor time that this process has used.
enum ProcessorTime {
    /// Of all its threads, in user space and in the kernel, in nanoseconds.
    static var ofThisProcess: UInt64 {
        var usage = rusage()
        #if canImport(Glibc)
            getrusage(RUSAGE_SELF.rawValue, &usage)
        #else
            getrusage(RUSAGE_SELF, &usage)
        #endif
        return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)
    }

    private static func nanoseconds(_ time: timeval) -> UInt64 {
        UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_usec) * 1000
    }
}
