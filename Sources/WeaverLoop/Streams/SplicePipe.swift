internal import CUV

/// A pipe of the kernel through which bytes go from one socket to another, without entering this process.
@safe
final class SplicePipe {
    /// Bytes that a pipe has room for, where the system allows that many: what Linux lets anybody have.
    static let capacity = 1024 * 1024

    let reader: Int32
    let writer: Int32
    /// Bytes in it.
    var held = 0

    /// Nil where the system has no splice, or no descriptors left.
    init?() {
        var ends: [Int32] = [-1, -1]
        guard unsafe weaver_splice_pipe(&ends, Int32(Self.capacity)) == 0 else { return nil }
        reader = ends[0]
        writer = ends[1]
    }

    deinit {
        _ = CUV.close(reader)
        _ = CUV.close(writer)
    }
}

/// The pipes of one loop's splices. They are kept for the next ones, and bounded: each is two descriptors.
final class SplicePipes {
    /// Pipes that are in use at a time; past it bodies are copied.
    let maximum: Int
    /// Pipes that are kept while nothing needs them.
    static let kept = 8

    private var idle: [SplicePipe] = []
    private(set) var inUse = 0
    /// The system has refused to splice what we have: it is not asked again.
    private var isRefused = false

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// An empty pipe; nil when bytes have to be copied.
    func take() -> SplicePipe? {
        guard !isRefused, inUse < maximum, let pipe = idle.popLast() ?? SplicePipe() else { return nil }
        inUse += 1
        return pipe
    }

    /// Gives a pipe back. One that is not empty is closed.
    func giveBack(_ pipe: SplicePipe) {
        inUse -= 1
        if pipe.held == 0, idle.count < Self.kept { idle.append(pipe) }
    }

    func refuse() { isRefused = true }
}
