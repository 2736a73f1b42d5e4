internal import CUV

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How a process ended.
package enum ExitStatus: Equatable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .killed(let signal): "signal \(signal)"
        }
    }
}

/// A child process. It gets exactly the descriptors that it is handed, no others of ours; default signal actions, and
/// no blocked signals.
///
/// The first one that is started marks every descriptor above 2 that this process inherited itself as close-on-exec:
/// all of ours are so from birth, but a pipe of our parent's, kept open by a grandchild, would never end.
@safe
package final class ChildProcess: UVHandle {
    /// What to start, and with what.
    package struct Configuration {
        /// The program's path.
        package var executable: String
        /// Arguments after the program's name.
        package var arguments: [String] = []
        /// The whole environment, `KEY=value`; nil for this process's own.
        package var environment: [String]?
        /// Descriptors of ours by the number that they shall have in the child, below ``descriptorLimit``. 0, 1 and 2
        /// that are not named are /dev/null.
        package var descriptors: [Int32: Int32] = [:]
        /// Whether the child leads a process group (and session) of its own, so that a terminal's Ctrl-C reaches only us.
        /// What it has started, and what stayed in that group, is killed when it ends.
        package var ownSession = false

        package init(executable: String) {
            self.executable = executable
        }
    }

    /// The highest number that a descriptor may get in a child, plus one: libuv's table is as long as the largest.
    package static let descriptorLimit: Int32 = 64

    /// The process's id. Once ``onExit`` has been called it may belong to another process.
    package private(set) var processID: Int32 = 0
    private let leadsGroup: Bool
    private var onExit: ((ExitStatus) -> Void)?

    /// Starts the process; `onExit` hears once of its end, and the handle closes by itself. The descriptors stay the
    /// caller's, who closes its copies. Closing the handle before the end leaves the process running, unobserved.
    package init(
        loop: EventLoop, _ configuration: Configuration, onExit: @escaping (ExitStatus) -> Void
    ) throws(UVError) {
        precondition(
            configuration.descriptors.keys.allSatisfy { 0..<Self.descriptorLimit ~= $0 },
            "a child's descriptors have numbers below \(Self.descriptorLimit)")
        self.onExit = onExit
        leadsGroup = configuration.ownSession
        _ = Self.inheritedDescriptorsAreMarked
        let operation = "starting \(configuration.executable)"
        var code: Int32 = 0
        var pid: Int32 = 0
        // uv_spawn initialises the handle before anything can fail, so a failed one has to be closed like any other.
        unsafe try super.init(loop: loop, kind: .process, as: uv_process_t.self, operation: operation) { raw, handle in
            code = unsafe Self.spawn(raw, handle, configuration)
            pid = unsafe handle.pointee.pid
            return 0
        }
        processID = pid
        if code < 0 {
            close()
            throw UVError(code: code, operation: operation)
        }
    }

    /// Sends `signal`; a process that has ended already is none of our business any more. With `wholeGroup`, also to
    /// all its descendants that stayed in the group of its own.
    package func kill(_ signal: Int32, wholeGroup: Bool = false) {
        checkThread("kill")
        guard isOpen, onExit != nil else { return }
        // uv_kill takes a group's id as kill(2) does, as a negative number.
        _ = uv_kill(wholeGroup && leadsGroup ? -processID : processID, signal)
    }

    private func exited(_ status: ExitStatus) {
        loop.stall.workBegan()
        let onExit = exchange(&onExit, with: nil)
        killRestOfGroup()
        close()
        onExit?(status)
    }

    /// What the process has started dies with it. It has only just been waited for, and as long as anything of its group
    /// lives the system gives its number to no other group.
    private func killRestOfGroup() {
        if leadsGroup { _ = uv_kill(-processID, SIGKILL) }
    }

    /// What this process has inherited itself must not go on to its children; what it opens is marked from birth.
    private static let inheritedDescriptorsAreMarked: Void = weaver_mark_open_descriptors()

    override func didClose() { onExit = nil }

    private static func spawn(
        _ loop: UnsafeMutablePointer<uv_loop_t>, _ handle: UnsafeMutablePointer<uv_process_t>,
        _ configuration: Configuration
    ) -> Int32 {
        let arguments = CStrings([configuration.executable] + configuration.arguments)
        let environment = configuration.environment.map { CStrings($0) }
        let file = CStrings([configuration.executable])
        let top = max(2, configuration.descriptors.keys.max() ?? 2)
        var table = unsafe [uv_stdio_container_t](repeating: uv_stdio_container_t(), count: Int(top) + 1)
        for (number, descriptor) in configuration.descriptors {
            unsafe table[Int(number)].flags = UV_INHERIT_FD
            unsafe table[Int(number)].data.fd = descriptor
        }
        var options = unsafe uv_process_options_t()
        unsafe options.file = unsafe UnsafePointer(file.pointers[0])
        unsafe options.args = arguments.pointers
        unsafe options.env = environment?.pointers
        if configuration.ownSession { unsafe options.flags = UV_PROCESS_DETACHED.rawValue }
        unsafe options.exit_cb = { handle, code, signal in
            let child: ChildProcess = unsafe UVHandle.of(handle?.pointee.data)
            child.exited(signal == 0 ? .exited(Int32(truncatingIfNeeded: code)) : .killed(signal: signal))
        }
        return unsafe table.withUnsafeMutableBufferPointer { table in
            unsafe options.stdio_count = Int32(table.count)
            unsafe options.stdio = table.baseAddress
            return unsafe uv_spawn(loop, handle, &options)
        }
    }
}

/// A null-terminated array of C strings, freed with it.
@safe
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        unsafe pointers = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            unsafe (pointers + index).initialize(to: strdup(string))
        }
        unsafe (pointers + strings.count).initialize(to: nil)
    }

    deinit {
        for index in 0..<count { unsafe free(pointers[index]) }
        unsafe pointers.deallocate()
    }
}
