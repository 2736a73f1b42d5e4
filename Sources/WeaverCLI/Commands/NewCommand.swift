import ArgumentParser
import FoundationEssentials
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver new NAME [--path DIR] [--weaver URL|PATH]`
struct NewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Makes a package that builds and deploys at once.",
        discussion: """
            It has a main component with a listener, a component that it calls,
            a config, and a test:

              weaver new Shop
              cd Shop
              swift build
              weaver multi deploy weaver.toml

            NAME is the name of the module and of the binary: letters, digits
            and _. What is there is never overwritten, and after a mistake
            nothing is left.
            """)

    @Argument(help: "The package's name, such as Shop.")
    var name: String

    @Option(help: "The package's folder, new or empty; by default one of that name.", completion: .directory)
    var path: String?

    @Option(
        help: ArgumentHelp(
            "Where the new package finds the package of WeaverRuntime: a folder, or the URL of a repository.",
            discussion: "By default the checkout that this command was built from.",
            valueName: "url or path"),
        completion: .directory)
    var weaver: String?

    func run() throws {
        let workingFolder = FileManager.default.currentDirectoryPath
        let name = try PackageName(name)
        let folder = AbsolutePath.of(path ?? name.text, in: workingFolder)
        let weaver = try weaverPackage(workingFolder)
        guard AbsolutePath.split(folder).name.lowercased() != weaver.identity.lowercased() else {
            throw NewFolderError(
                description: "a package in a folder called \(weaver.identity) cannot depend on another one of that "
                    + "name; --path names another folder")
        }
        let package = NewPackage(name, weaver: weaver, version: VersionCommand.version)
        try NewFolder.create(folder, package.files)
        Terminal.put(Self.next(name: name.text, folder: folder, workingFolder: workingFolder), to: STDOUT_FILENO)
    }

    /// The package that was asked for, or the one that is there.
    private func weaverPackage(_ workingFolder: String) throws -> WeaverPackage {
        let asked = weaver.map { WeaverPackage($0, workingFolder: workingFolder) }
        guard let package = asked ?? .ofThisBuild else { throw WeaverPackageError.unknown }
        guard case .folder(let folder) = package else { return package }
        let sources = "\(folder)/Sources/WeaverRuntime"
        if FileManager.default.fileExists(atPath: sources) { return package }
        throw asked == nil ? WeaverPackageError.unknown : .notThere(folder)
    }

    /// What to do now.
    static func next(name: String, folder: String, workingFolder: String) -> String {
        let base = workingFolder == "/" ? "/" : workingFolder + "/"
        let short = folder.hasPrefix(base) ? String(folder.dropFirst(base.count)) : folder
        let steps = folder == workingFolder ? [] : ["cd \(short)"]
        let lines = (steps + ["swift build", "weaver multi deploy weaver.toml"]).map { "  \($0)\n" }
        return """
            made the package \(name)

            \(lines.joined())
            and then, in another terminal:

              curl http://\(TextTemplates.address)/Ada

            """
    }
}

/// The package that a new one would depend on cannot be found.
enum WeaverPackageError: Error, Equatable, CustomStringConvertible {
    /// Nobody has said where it is, and what this command was built from is gone.
    case unknown
    /// The folder has no such package.
    case notThere(String)

    var description: String {
        switch self {
        case .unknown: "say with --weaver where the package of WeaverRuntime is, by a folder or a URL"
        case .notThere(let folder): "\(folder) is not the package of WeaverRuntime"
        }
    }
}
