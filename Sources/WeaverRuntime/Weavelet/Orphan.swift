#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What a process of a deployment does last when its deployer is gone: the deployer cannot clean up any more.
struct Orphan: Sendable {
    /// How long it waits to see that the deployer is dead, and has not only closed the pipe: the kernel closes a dying
    /// process's files before it gives its children another parent.
    private static let looks = 100
    private static let pause: UInt32 = 10_000  // microseconds

    private let files: DeploymentFiles?
    private let parent = getppid()

    /// Made while the deployer lives.
    init(files: DeploymentFiles?) {
        self.files = files
    }

    /// Removes the deployment's files, unless the deployer lives, and kills everything that this process has started,
    /// itself included where it leads the group. On any thread; blocks for a second at most.
    func end() {
        if deployerIsDead() { files?.remove() }
        // A process that was started by hand, in somebody else's group, leaves that alone.
        if getpgrp() == getpid() { kill(0, SIGKILL) }
    }

    private func deployerIsDead() -> Bool {
        for _ in 0..<Self.looks {
            if getppid() != parent { return true }
            usleep(Self.pause)
        }
        return false
    }
}
