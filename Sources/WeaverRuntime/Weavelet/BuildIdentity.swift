#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Which build of the application this process runs. Arguments travel by position, so that two processes may call each
/// other only when it is the same one.
package enum BuildIdentity {
    /// The identity of this process's executable file: of its place on the disk, its size and the time of its last
    /// change. Toolchains for Linux do not write an ELF build id unless they are asked to.
    package static let current: String = {
        var status = stat()
        guard unsafe stat("/proc/self/exe", &status) == 0 else { return "unknown" }
        #if canImport(Glibc)
            let changed = status.st_mtim
        #else
            let changed = status.st_mtimespec
        #endif
        return [
            UInt64(status.st_dev), UInt64(status.st_ino), UInt64(status.st_size), UInt64(changed.tv_sec),
            UInt64(changed.tv_nsec),
        ].map { String($0, radix: 16) }.joined(separator: "-")
    }()
}
