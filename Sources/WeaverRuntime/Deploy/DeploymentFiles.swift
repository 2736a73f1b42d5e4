#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What a deployment has put into the file system. A deployer that is killed cannot remove it; its processes, which see
/// that it is gone, do.
package struct DeploymentFiles: Sendable, Equatable {
    /// The environment variable with the path of the deployment's file in the registry.
    package static let entryVariable = "WEAVER_DEPLOYMENT_FILE"
    /// The environment variable with the path of the status socket.
    package static let socketVariable = "WEAVER_DEPLOYMENT_SOCKET"

    let entry: String
    let socket: String

    /// The files of a deployment.
    init(entry: String, socket: String) {
        self.entry = entry
        self.socket = socket
    }

    /// The files that a deployer has named to this process.
    init?(environment: (String) -> String?) {
        guard let entry = environment(Self.entryVariable), let socket = environment(Self.socketVariable) else {
            return nil
        }
        self.init(entry: entry, socket: socket)
    }

    /// What tells a process of them, as `NAME=value`.
    var environment: [String] { ["\(Self.entryVariable)=\(entry)", "\(Self.socketVariable)=\(socket)"] }

    /// Removes them; what is gone already is no matter, and a socket that is not named as ours stays.
    func remove() {
        SocketFolder(ofSocket: socket)?.remove()
        unsafe _ = unlink(entry)
    }
}
