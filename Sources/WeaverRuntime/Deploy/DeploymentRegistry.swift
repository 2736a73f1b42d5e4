package import WeaverCore
package import WeaverLoop

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The running deployments of a user: a file for each, in the user's data folder.
///
/// A deployment puts its file there when it begins and removes it when it ends. A file whose deployment is gone, because
/// its deployer was killed, is removed by whoever lists next: its socket says so.
package struct DeploymentRegistry: Sendable {
    /// What the file of a deployment says.
    package struct Entry: Hashable, Sendable, Codable {
        /// The application's name.
        package var app: String
        /// The deployment's id, a UUID.
        package var deployment: String
        /// The deployer's process id.
        package var pid: Int32
        /// The path of the status socket.
        package var socket: String
        /// When the deployer's process began; see ``ProcessIdentity/startTime(of:)``.
        package var started: UInt64?

        package init(app: String, deployment: String, pid: Int32, socket: String, started: UInt64? = nil) {
            self.app = app
            self.deployment = deployment
            self.pid = pid
            self.socket = socket
            self.started = started
        }

        /// Whether the deployer's process exists.
        package var isDeployerAlive: Bool { ProcessIdentity.isAlive(pid, startedAt: started) }
    }

    /// A deployment that runs.
    package struct Running: Hashable, Sendable {
        package var entry: Entry
        /// What it does now; nil when its deployer is there and does not answer.
        package var status: DeploymentStatus?
    }

    /// Where the files are.
    package let folder: String

    /// The registry in `folder`, which need not exist yet.
    package init(folder: String) {
        self.folder = folder
    }

    /// The user's: in `$XDG_DATA_HOME/weaver/deployments`, or in `~/.local/share/weaver/deployments`.
    package static func ofUser(environment: [String: String]) -> DeploymentRegistry {
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/"
        // The specification says to ignore a relative path.
        let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.local/share"
        return DeploymentRegistry(folder: data + "/weaver/deployments")
    }

    private static let suffix = ".json"
    func path(of deployment: String) -> String { "\(folder)/\(deployment)\(Self.suffix)" }

    /// Puts the file of a deployment there, whole or not at all.
    package func register(_ entry: Entry) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try JSONEncoder().encode(entry).write(to: URL(filePath: path(of: entry.deployment)), options: .atomic)
    }

    /// Removes the file of a deployment, if there is one.
    package func unregister(deployment: String) {
        try? FileManager.default.removeItem(atPath: path(of: deployment))
    }

    /// The largest file that is read, in bytes.
    package static let entryLimit = 16 << 10
    /// How many files are read at most.
    package static let countLimit = 1024

    /// The entries as they stand in the files, sorted by application and id. Files that are none of ours (links, those of
    /// other users, what is no entry or has another's name) are skipped and left alone.
    package func entries() -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(Self.suffix) }.sorted().prefix(Self.countLimit).compactMap {
            name -> Entry? in
            guard let bytes = try? SmallFile.read("\(folder)/\(name)", limit: Self.entryLimit, onlyOwn: true),
                let entry = try? JSONDecoder().decode(Entry.self, from: Data(bytes)),
                entry.deployment + Self.suffix == name, SocketAddress("unix:\(entry.socket)") != nil
            else { return nil }
            return entry
        }.sorted { ($0.app, $0.deployment) < ($1.app, $1.deployment) }
    }

    /// Removes what dead deployments have left: those whose deployer's process does not exist. Asks nobody.
    package func sweep() {
        for entry in entries() where !entry.isDeployerAlive { forget(entry) }
    }

    /// Removes the file of a deployment that is gone, and its socket with its folder.
    private func forget(_ entry: Entry) {
        SocketFolder(ofSocket: entry.socket)?.remove()
        unregister(deployment: entry.deployment)
    }

    /// The deployments that run now, with the slices of their routed components if they are wanted. What dead ones have left
    /// is removed.
    package func list(loop: EventLoop, withRouting: Bool = false) async -> [Running] {
        let client = StatusClient(loop: loop)
        return await withTaskGroup(of: Running?.self) { group in
            for entry in entries() {
                group.addTask { await ask(entry, client, withRouting: withRouting) }
            }
            var running: [Running] = []
            for await found in group { if let found { running.append(found) } }
            return running.sorted { ($0.entry.app, $0.entry.deployment) < ($1.entry.app, $1.entry.deployment) }
        }
    }

    private func ask(_ entry: Entry, _ client: StatusClient, withRouting: Bool) async -> Running? {
        do throws(StatusError) {
            let status = try await client.status(socket: entry.socket, withRouting: withRouting)
            if status.deployment == entry.deployment { return Running(entry: entry, status: status) }
            // Another deployment has a socket of the same path: this one's is gone, and the folder is not ours to remove.
            unregister(deployment: entry.deployment)
            return nil
        } catch .gone {
            forget(entry)
            return nil
        } catch .noSocket where !entry.isDeployerAlive {
            // With the process there, somebody else has removed the socket: the deployment still runs.
            forget(entry)
            return nil
        } catch {
            return Running(entry: entry, status: nil)
        }
    }
}
