import WeaverRuntime

/// An error of the same name as one of the other file, which cannot see it.
@Serializable
private enum Secret: Error, Equatable {
    case second(Bool)
}

/// A fake of another file's, thrown and caught.
struct SecondSecrets {
    func make() -> any Error { Secret.second(true) }
    func isMine(_ error: any Error) -> Bool { error as? Secret == .second(true) }
}
