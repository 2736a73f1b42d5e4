internal import CUV

/// What a process asks of the system for itself.
package enum ProcessLimits {
    /// How many files, sockets and pipes a process may have open, where the system lets it. 1,048,576.
    package static let openFiles: UInt = 1 << 20

    /// Raises the soft limit of open files to ``openFiles``, or as far as the hard one allows: the usual 1024 are a
    /// concession to programs that use select(). Gives the limit that counts now.
    @discardableResult
    package static func raiseOpenFiles() -> UInt { weaver_raise_open_files(openFiles) }

    /// How much freed memory at the end of a heap stays with the process. 16 MiB.
    package static let keptMemory: Int32 = 16 << 20

    /// Keeps up to ``keptMemory`` of what was freed for what comes next, and takes blocks below that size from there. With
    /// glibc's defaults every message of some 100 KiB gives its pages back and faults them in again, at a quarter of its
    /// costs. For processes that are Weaver's own; `MALLOC_TRIM_THRESHOLD_` and `GLIBC_TUNABLES` go before.
    package static func keepFreedMemory() { weaver_keep_freed_memory(keptMemory) }

    /// On Linux, this process goes on when its parent dies, even if it has been stopped (SIGSTOP). It then sees that its
    /// parent is gone, and can end in order; a stopped process would stay for ever.
    ///
    /// The parent is the thread that has started this process, in a deployer its loop's, which lives to the end. And it
    /// holds for as long as the thread lives that calls this: call it on a loop.
    package static func continueWhenParentDies() { _ = weaver_set_parent_death_signal(SIGCONT) }
}
