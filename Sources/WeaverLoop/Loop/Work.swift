/// A piece of work for the loop's thread.
///
/// Unchecked: `local` is pushed and popped on the loop's own thread only.
enum Work: @unchecked Sendable {
    case job(UnownedJob)
    case closure(@Sendable () -> Void)
    /// Somebody waits for it: where the loop has ended it is called all the same, elsewhere and with false.
    case told(@Sendable (_ isInLoop: Bool) -> Void)
    /// From the loop's own thread: may capture what belongs to it.
    case local(() -> Void)
}
