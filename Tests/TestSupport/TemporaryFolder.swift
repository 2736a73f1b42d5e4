#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Runs `body` with the path of a new, empty folder, short enough for a socket's path, and removes it with what is in
/// it (no folders) afterwards.
package func withTemporaryFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    var template = Array("/tmp/weaver-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw FolderError(code: errno) }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { removeFolder(path) }
    return try await body(path)
}

/// The folder could not be made.
package struct FolderError: Error {
    /// The system's code.
    package let code: Int32
}

private func removeFolder(_ path: String) {
    if let folder = unsafe opendir(path) {
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { unsafe unlink("\(path)/\(name)") }
        }
        unsafe closedir(folder)
    }
    unsafe rmdir(path)
}
