#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The thread that this is called on.
func currentThread() -> UInt64 {
    UInt64(pthread_self())
}
