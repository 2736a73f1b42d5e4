internal import WeaverCore
package import WeaverLoop

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The folder of a deployment's sockets, which no other user can enter: that of its status, and one of each replica that
/// component calls come in on.
package struct SocketFolder: Sendable, Hashable {
    /// The folder's path.
    package let path: String

    init(path: String) { self.path = path }

    /// The path of the status socket.
    package var socketPath: String { path + "/status" + Self.suffix }

    /// The path of the socket of a replica, by its id.
    package func socketPath(ofReplica replica: String) -> String { "\(path)/\(replica)\(Self.suffix)" }

    /// What the folders' names begin with.
    static let prefix = "weaver-"
    /// What the names of all sockets in it end with.
    private static let suffix = ".sock"
    /// The length of a replica's id, a UUID: the longest name of a socket.
    private static let replicaLength = 36

    /// A new folder in `$XDG_RUNTIME_DIR`, or in the temporary folder when there is none or its path is too long for
    /// sockets. Its mode is 0700.
    package static func make(environment: [String: String]) throws(UVError) -> SocketFolder {
        let candidates = [environment["XDG_RUNTIME_DIR"], environment["TMPDIR"], "/tmp"].compactMap { $0 }
        let longest = String(repeating: "x", count: replicaLength)
        for base in candidates where base.hasPrefix("/") {
            let template = base + (base.hasSuffix("/") ? "" : "/") + prefix + "XXXXXX"
            let length = SocketFolder(path: template).socketPath(ofReplica: longest).utf8.count
            guard length < SocketAddress.maximumPathLength else { continue }
            var name = Array(template.utf8CString)
            guard unsafe mkdtemp(&name) != nil else { continue }
            return SocketFolder(path: String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
        }
        throw UVError(code: -errno, operation: "making a folder for the sockets in \(candidates)")
    }

    /// The folder of a status socket, when it has the names that ``make(environment:)`` gives.
    init?(ofSocket socket: String) {
        guard let slash = socket.lastIndex(of: "/") else { return nil }
        let folder = String(socket[..<slash])
        guard let name = folder.split(separator: "/").last, name.hasPrefix(Self.prefix),
            SocketFolder(path: folder).socketPath == socket
        else { return nil }
        path = folder
    }

    /// Removes the socket of a replica whose process has ended; without one, nothing.
    package func remove(ofReplica replica: String) {
        unsafe _ = unlink(socketPath(ofReplica: replica))
    }

    /// Removes the sockets and the folder; nothing else is ever in it.
    package func remove() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] where name.hasSuffix(Self.suffix)
        {
            unsafe _ = unlink("\(path)/\(name)")
        }
        unsafe _ = rmdir(path)
    }
}
