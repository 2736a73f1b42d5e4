/// Where a new package finds the package of WeaverRuntime.
enum WeaverPackage: Equatable, Sendable {
    /// A folder of this machine, by its absolute path.
    case folder(String)
    /// A repository, from the version of this command line on.
    case repository(String)

    /// What somebody has written: an address, or a path, relative to the folder `workingFolder`.
    init(_ text: String, workingFolder: String) {
        let isAddress = text.contains("://") || (text.contains(":") && !text.hasPrefix("/") && !text.hasPrefix("."))
        self = isAddress ? .repository(text) : .folder(AbsolutePath.of(text, in: workingFolder))
    }

    /// The checkout that this command line was built from; nil when it was built as a package's dependency, whose
    /// checkout is not there to stay.
    static var ofThisBuild: WeaverPackage? {
        // Sources/WeaverCLI/New/WeaverPackage.swift is below it.
        let parts = #filePath.split(separator: "/").dropLast(4)
        guard !parts.isEmpty, !parts.contains("checkouts") else { return nil }
        return .folder("/" + parts.joined(separator: "/"))
    }

    /// The name by which the products of the package are asked for.
    var name: String {
        switch self {
        case .folder: "weaver"
        case .repository: identity
        }
    }

    /// What the package manager calls the package, which the new package cannot be called: the last part of its place.
    var identity: String {
        let place: Substring
        switch self {
        case .folder(let path): place = path[...]
        case .repository(let url): place = url.hasSuffix(".git") ? url.dropLast(4) : url[...]
        }
        return place.split { $0 == "/" || $0 == ":" }.last.map(String.init) ?? ""
    }

    /// The dependency, as a manifest says it.
    func dependency(version: String) -> String {
        switch self {
        case .folder(let path): ".package(name: \"weaver\", path: \(Self.literal(path)))"
        case .repository(let url): ".package(url: \(Self.literal(url)), from: \"\(version)\")"
        }
    }

    /// Text as a literal of Swift.
    private static func literal(_ text: String) -> String {
        var literal = "\""
        for character in text {
            if character == "\\" || character == "\"" { literal.append("\\") }
            literal.append(character)
        }
        return literal + "\""
    }
}

/// Paths as text.
enum AbsolutePath {
    /// The path, from the root on, and without `.`, `..` and empty parts. Links are not looked at.
    static func of(_ path: String, in workingFolder: String) -> String {
        let whole = path.hasPrefix("/") ? path : workingFolder + "/" + path
        var parts: [Substring] = []
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." {
                _ = parts.popLast()
            } else {
                parts.append(part)
            }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The path without its last part, and the last part.
    static func split(_ path: String) -> (folder: String, name: String) {
        let parts = path.split(separator: "/")
        return ("/" + parts.dropLast().joined(separator: "/"), parts.last.map(String.init) ?? "")
    }
}
