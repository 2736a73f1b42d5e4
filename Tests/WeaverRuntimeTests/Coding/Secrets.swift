import WeaverRuntime

/// An error of the same name as one of the other file, which cannot see it.
@Serializable
private enum Secret: Error, Equatable {
    case first(Int)
}

/// A fake of another file's, thrown and caught.
struct FirstSecrets {
    func make() -> any Error { Secret.first(1) }
    func isMine(_ error: any Error) -> Bool { error as? Secret == .first(1) }
}
