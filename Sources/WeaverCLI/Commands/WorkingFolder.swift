#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The folder that the application's processes run in: the config's, so that relative paths in it mean the same wherever
/// `weaver` is called.
enum WorkingFolder {
    /// Makes `path` the working folder of this process and of those it starts.
    static func enter(_ path: String) throws {
        // A config in the root folder has the empty path.
        let path = path.isEmpty ? "/" : path
        guard unsafe chdir(path) == 0 else {
            throw unsafe WorkingFolderError(description: "\(path): \(String(cString: strerror(errno)))")
        }
    }
}

/// The config's folder cannot be entered.
struct WorkingFolderError: Error, CustomStringConvertible {
    var description: String
}
