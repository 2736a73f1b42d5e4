package import WeaverCore

#if canImport(Darwin)
    internal import Darwin
#else
    internal import Glibc
#endif

/// What this process has to do with its terminal and its place in the world: the hands behind the pure printers.
package enum Terminal {
    /// How text is to be written to a descriptor of this process.
    package static func style(of descriptor: Int32) -> TextStyle {
        var environment: [String: String] = [:]
        for name in ["NO_COLOR", "TERM"] {
            environment[name] = unsafe getenv(name).map { unsafe String(cString: $0) }
        }
        return TextStyle(isTerminal: isatty(descriptor) == 1, environment: environment)
    }

    /// Writes all of `text`, at once and unbuffered, so that lines of several sources never mix. A reader that has gone
    /// away is no error: there is nobody left to tell.
    package static func put(_ text: String, to descriptor: Int32) {
        _ = put([UInt8](text.utf8), to: descriptor)
    }

    /// Writes `bytes` in the same way, and gives how many were written: where they are not all, `errno` says why.
    static func put(_ bytes: [UInt8], to descriptor: Int32) -> Int {
        unsafe bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = unsafe write(descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { break }
                offset += count
            }
            return offset
        }
    }

    /// A printer of log entries for the reader of a descriptor of this process, in this machine's local time.
    package static func logPrinter(for descriptor: Int32) -> LogPrinter {
        LogPrinter(style: style(of: descriptor), utcOffset: utcOffset)
    }

    /// How far east of UTC this machine's clock is at a time in seconds since 1970, in seconds.
    private static func utcOffset(at seconds: Int64) -> Int64 {
        var time = time_t(seconds)
        var parts = unsafe tm()
        guard unsafe localtime_r(&time, &parts) != nil else { return 0 }
        return Int64(unsafe parts.tm_gmtoff)
    }
}
