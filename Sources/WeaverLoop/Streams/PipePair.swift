internal import CUV

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The two ends of a new pipe, both closed in children unless handed to them by name.
package struct PipePair: ~Copyable {
    private var readEnd: Int32
    private var writeEnd: Int32

    /// A new pipe.
    package init() throws(UVError) {
        var ends: (Int32, Int32) = (-1, -1)
        let code = unsafe withUnsafeMutablePointer(to: &ends) { pointer in
            unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe weaver_pipe($0) }
        }
        guard code == 0 else { throw .system("making a pipe") }
        readEnd = ends.0
        writeEnd = ends.1
    }

    /// Hands the reading end to the caller, who closes it.
    package mutating func takeReadEnd() -> Int32 { exchange(&readEnd, with: -1) }

    /// Hands the writing end to the caller, who closes it.
    package mutating func takeWriteEnd() -> Int32 { exchange(&writeEnd, with: -1) }

    deinit {
        if readEnd >= 0 { _ = CUV.close(readEnd) }
        if writeEnd >= 0 { _ = CUV.close(writeEnd) }
    }
}

/// Closes a descriptor that nothing owns yet.
package func closeDescriptor(_ descriptor: Int32) {
    _ = CUV.close(descriptor)
}
