/// The files of a package that builds and deploys at once.
struct NewPackage: Equatable, Sendable {
    /// A file of the package.
    struct File: Equatable, Sendable {
        /// Its path in the package.
        let path: String
        /// What is in it.
        let text: String
    }

    /// The files, in the order in which a reader meets them.
    let files: [File]

    /// The package of that name.
    ///
    /// - Parameters:
    ///   - weaver: where it finds WeaverRuntime.
    ///   - version: the version of WeaverRuntime that it needs at least.
    init(_ name: PackageName, weaver: WeaverPackage, version: String) {
        let name = name.text
        files = [
            File(path: "README.md", text: TextTemplates.readme(name)),
            File(path: "Package.swift", text: ManifestTemplate.text(name, weaver: weaver, version: version)),
            File(path: "weaver.toml", text: TextTemplates.config(name)),
            File(path: ".gitignore", text: TextTemplates.ignored),
            File(path: "Sources/\(name)/\(name)App.swift", text: SourceTemplates.main(name)),
            File(path: "Sources/\(name)/Greeter.swift", text: SourceTemplates.interface),
            File(path: "Sources/\(name)/GreeterService.swift", text: SourceTemplates.implementation),
            File(path: "Tests/\(name)Tests/\(name)Tests.swift", text: SourceTemplates.tests(name)),
        ]
    }
}
