#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why a file could not be read.
package enum FileError: Error, Equatable, CustomStringConvertible {
    /// Nothing is there.
    case missing
    /// It is a folder, a pipe, a device, or a link where none is followed.
    case notAFile
    /// It has more bytes than are read.
    case tooLarge(limit: Int)
    /// What the system said.
    case system(errno: Int32)

    package var description: String {
        switch self {
        case .missing: "there is no such file"
        case .notAFile: "it is no plain file"
        case .tooLarge(let limit): "it is larger than \(limit) bytes"
        case .system(let code): unsafe String(cString: strerror(code))
        }
    }

    static func last() -> FileError {
        switch errno {
        case ENOENT, ENOTDIR: .missing
        case ELOOP: .notAFile
        default: .system(errno: errno)
        }
    }
}

/// Small files that are read whole. Blocks for the time of the disk.
package enum SmallFile {
    /// Reads a plain file of at most `limit` bytes. A pipe or a device in its place is refused, never waited for. With
    /// `onlyOwn` links and files of other users are refused, too.
    package static func read(
        _ path: String, limit: Int, onlyOwn: Bool = false
    ) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (onlyOwn ? O_NOFOLLOW : 0))
        guard descriptor >= 0 else { throw .last() }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard !onlyOwn || status.st_uid == geteuid() else { throw .system(errno: EACCES) }
        guard status.st_size <= limit else { throw .tooLarge(limit: limit) }
        return try read(descriptor: descriptor, limit: limit, expecting: Int(status.st_size))
    }

    /// Reads everything up to the end of a descriptor that blocks, at most `limit` bytes; it stays open. `expecting` is
    /// how many bytes there probably are.
    package static func read(
        descriptor: Int32, limit: Int, expecting: Int = 4096
    ) throws(FileError) -> [UInt8] {
        // One byte more than there should be, so that a file that grows meanwhile is noticed.
        var bytes = [UInt8](repeating: 0, count: expecting + 1)
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let got = unsafe bytes.withUnsafeMutableBytes { unsafe Self.read(descriptor, $0.baseAddress, count, room) }
            if got == 0 { break }
            guard got > 0 else {
                if errno == EINTR { continue }
                throw .last()
            }
            count += got
            if count == bytes.count {
                guard count <= limit else { throw .tooLarge(limit: limit) }
                bytes.append(contentsOf: repeatElement(0, count: min(count, limit + 1 - count)))
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }

    private static func read(
        _ descriptor: Int32, _ start: UnsafeMutableRawPointer?, _ offset: Int, _ count: Int
    ) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.read(descriptor, start.map { unsafe $0 + offset }, count)
        #else
            unsafe Darwin.read(descriptor, start.map { unsafe $0 + offset }, count)
        #endif
    }
}
