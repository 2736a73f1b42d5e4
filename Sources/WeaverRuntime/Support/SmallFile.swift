#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Why a file could not be read or written.
package enum FileError: Error, Equatable, CustomStringConvertible {
    /// Nothing is there.
    case missing
    /// It is a folder, a pipe, a device or (where links are not followed) a link.
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

/// Small files that are read and written whole. Blocks for the time of the disk.
package enum SmallFile {
    /// Reads a plain file of at most `limit` bytes. A pipe or a device in its place is refused, never waited for.
    package static func read(
        _ path: String, limit: Int, followingLinks: Bool = true
    ) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (followingLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw .last() }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .last() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size <= limit else { throw .tooLarge(limit: limit) }
        // One byte more than there should be, so that a file that grows meanwhile is noticed.
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size) + 1)
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

    /// Puts a file with `bytes` at `path`, readable by its owner only, in one step: whoever reads sees the old file or
    /// the new one, whole. `temporary` is a free name in the same folder.
    package static func write(_ bytes: [UInt8], to path: String, by temporary: String) throws(FileError) {
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode_t(0o600))
        guard descriptor >= 0 else { throw .last() }
        do throws(FileError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor)
            guard fsync(descriptor) == 0 else { throw .last() }
        } catch {
            remove(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let error = FileError.last()
            remove(temporary)
            throw error
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws(FileError) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                #if canImport(Glibc)
                    unsafe Glibc.write(descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent)
                #else
                    unsafe Darwin.write(descriptor, bytes.baseAddress.map { unsafe $0 + sent }, bytes.count - sent)
                #endif
            }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .last()
            }
            sent += count
        }
    }

    /// Removes the file at `path`, when there is one.
    package static func remove(_ path: String) { unsafe unlink(path) }
}

/// Folders that belong to this user alone.
package enum PrivateFolder {
    /// Makes the folder `path` with mode 0700, or takes the one that is there when it is a folder of this user's that
    /// nobody else may enter.
    package static func make(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw .last() }
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw .last() }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .system(errno: ENOTDIR) }
        guard status.st_uid == geteuid() else { throw .system(errno: EACCES) }
        if status.st_mode & 0o077 != 0, unsafe chmod(path, 0o700) != 0 { throw .last() }
    }

    /// Makes the folder `path` and those above it that do not exist, all with mode 0700; only the last is checked.
    package static func makeAll(_ path: String) throws(FileError) {
        var above = ""
        for part in path.split(separator: "/").dropLast() {
            above += "/" + part
            if unsafe mkdir(above, 0o700) != 0, errno != EEXIST { throw .last() }
        }
        try make(path)
    }
}
