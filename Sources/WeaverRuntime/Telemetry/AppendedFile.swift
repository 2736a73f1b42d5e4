internal import WeaverCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// A file that cannot be opened.
package struct CannotOpen: Error, CustomStringConvertible {
    package let description: String
}

/// A file that lines are appended to, by one thread. What cannot be written, on a full disk for example, is counted, said
/// once on standard error, and told in the file as soon as that takes something again. A file that was removed or renamed is
/// made anew.
final class AppendedFile: @unchecked Sendable {
    // @unchecked: used by the thread that writes only.
    private let path: String
    private let what: String
    private let notice: @Sendable (Int) -> String
    private var descriptor: Int32
    /// Lines that could not be written, and are not told yet.
    private var lost = 0
    /// Whether the file ends within a line.
    private var isTorn = false

    /// Opens the file at `path`, which is called `what`; `notice` is the line that tells how many are lost. Throws
    /// ``CannotOpen``.
    init(_ path: String, _ what: String, notice: @escaping @Sendable (Int) -> String) throws {
        descriptor = Self.descriptor(of: path)
        guard descriptor >= 0 else {
            throw CannotOpen(description: "\(what) \(path) cannot be opened: \(Self.reason)")
        }
        self.path = path
        self.what = what
        self.notice = notice
    }

    deinit { close(descriptor) }

    /// Writes `text`, which ends with a line.
    func append(_ text: String) {
        followPath()
        let told = lost == 0 ? "" : (isTorn ? "\n" : "") + notice(lost)
        let bytes = Array((told + text).utf8)
        let count = Terminal.put(bytes, to: descriptor)
        if count == bytes.count {
            (lost, isTorn) = (0, false)
            return
        }
        if lost == 0 { complain(Self.reason) }
        if count >= told.utf8.count { lost = 0 }
        lost += bytes[max(count, told.utf8.count)...].count { $0 == UInt8(ascii: "\n") }
        if count > 0 { isTorn = bytes[count - 1] != UInt8(ascii: "\n") }
    }

    /// Opens the file anew where another one, or none, has its path.
    private func followPath() {
        var (mine, current) = (stat(), stat())
        let isMine =
            unsafe fstat(descriptor, &mine) == 0 && stat(path, &current) == 0 && mine.st_ino == current.st_ino
            && mine.st_dev == current.st_dev
        guard !isMine else { return }
        let new = Self.descriptor(of: path)
        guard new >= 0 else { return }
        close(descriptor)
        descriptor = new
        isTorn = false
    }

    private func complain(_ reason: String) {
        Terminal.put(
            "\(what) \(path) cannot be written: \(reason); what is lost is told in it\n", to: STDERR_FILENO)
    }

    private static func descriptor(of path: String) -> Int32 {
        unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    }

    private static var reason: String { unsafe String(cString: strerror(errno)) }
}
