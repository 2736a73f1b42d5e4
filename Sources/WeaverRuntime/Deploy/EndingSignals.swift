#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The signals by which a user or the system ends a deployment.
enum EndingSignals {
    static let all = [SIGINT, SIGTERM, SIGHUP]
}
