#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension AppConfig {
    /// The absolute path of the binary, which exists and can be executed.
    package func executable() throws(ConfigError) -> String {
        let place = ["weaver", "binary"]
        guard let binary else {
            throw source.error(at: ["weaver"], "no binary is named: add binary = \"path\" below the line [weaver]")
        }
        var status = stat()
        guard unsafe stat(binary, &status) == 0 else {
            let code = errno
            let reason =
                code == ENOENT || code == ENOTDIR
                ? "does not exist; build it first" : unsafe "cannot be used: \(String(cString: strerror(code)))"
            throw source.error(at: place, "the binary \(binary) \(reason)")
        }
        guard status.st_mode & S_IFMT == S_IFREG, unsafe access(binary, X_OK) == 0 else {
            throw source.error(at: place, "the binary \(binary) is no program that can be executed")
        }
        return binary
    }
}
