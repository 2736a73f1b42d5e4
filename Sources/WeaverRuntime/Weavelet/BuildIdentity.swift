internal import CWeaverSection

/// Which build of the application this process runs. Arguments travel by position, so that two processes may call each
/// other only when it is the same one.
package enum BuildIdentity {
    /// The build cannot be told, so the process must not join others.
    package struct Unknown: Error, CustomStringConvertible {
        package let description = "the running binary can neither be read nor has it a build id"
    }

    /// The identity of the image that this process runs, whatever has become of the file since: its build id where the
    /// linker has written one (`-Xlinker --build-id`; toolchains for Linux do not by default), otherwise a hash of its
    /// content. Shared libraries of the application's own are not looked at.
    package static func current() throws(Unknown) -> String {
        guard let identity else { throw Unknown() }
        return identity
    }

    private static let identity: String? = buildID() ?? contentHash(of: "/proc/self/exe").map { "content-" + $0 }

    private static func buildID() -> String? {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe weaver_build_id(&bytes, Int32(bytes.count))
        return count > 0 ? hex(bytes.prefix(Int(count))) : nil
    }

    /// 128 bits of the file's content; nil when it cannot be read.
    static func contentHash(of path: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 16)
        return unsafe weaver_content_hash(path, &bytes) == 0 ? hex(bytes[...]) : nil
    }

    private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
