package import Testing
package import WeaverLoop

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Runs `body` with a loop of its own, stops it, and asserts that every handle was closed and freed.
package func withLoop<R>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (EventLoop) async throws -> R
) async throws -> R {
    let loop = try EventLoop(name: "test-loop")
    let result: R
    do {
        result = try await body(loop)
    } catch {
        loop.stop()
        throw error
    }
    loop.stop()
    #expect(loop.census.isBalanced, "\(loop.census)", sourceLocation: sourceLocation)
    return result
}

/// Makes each further descriptor of this process an error, until what it returns is called. In exit tests only: the
/// limit is the whole process's.
package func exhaustDescriptors() -> () -> Void {
    var limit = rlimit()
    unsafe getrlimit(openFiles, &limit)
    var none = rlimit(rlim_cur: 0, rlim_max: limit.rlim_max)
    unsafe setrlimit(openFiles, &none)
    let before = limit
    return {
        var limit = before
        unsafe setrlimit(openFiles, &limit)
    }
}

#if canImport(Glibc)
    private let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
    private let openFiles = RLIMIT_NOFILE
#endif
