internal import CWeaverTesting
internal import Foundation
internal import WeaverRuntime

/// What is called before main in every binary that links this module: leaves, when the process is a replica of a test's
/// deployment, before any test is looked for.
#if objectFormat(MachO)
    @section("__DATA,__mod_init_func")
#else
    @section(".init_array")
#endif
@used
private let replicaEntry:
    @convention(c) (
        Int32, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> Void = { count, arguments, environment in
        guard let text = unsafe getenv(ReplicaManifest.variable) else { return }
        let manifest = unsafe String(cString: text)
        unsafe weaver_run_constructors_after(replicaEntry, count, arguments, environment)
        ReplicaEntry.run(manifest)
    }

enum ReplicaEntry {
    /// Is the replica that `text` describes until its end, and the end of the process. The main thread does what belongs
    /// to the MainActor, as it does under an async main.
    static func run(_ text: String) -> Never {
        // What this process starts itself is no replica.
        unsafe unsetenv(ReplicaManifest.variable)
        let manifest = ReplicaManifest(text: text[...])
        Task.detached { await Weaver.runReplica { try manifest.registry(of: $0) } }
        while true { _ = RunLoop.main.run(mode: .default, before: .distantFuture) }
    }
}
