/// The manifest of a new package.
enum ManifestTemplate {
    /// `Package.swift`.
    static func text(_ name: String, weaver: WeaverPackage, version: String) -> String {
        """
        // swift-tools-version: 6.2
        import PackageDescription

        let settings: [SwiftSetting] = [
            .swiftLanguageMode(.v6),
            .strictMemorySafety(),
            .enableUpcomingFeature("ExistentialAny"),
        ]

        let package = Package(
            name: "\(name)",
            platforms: [.macOS(.v26)],
            dependencies: [
                \(weaver.dependency(version: version))
            ],
            targets: [
                .executableTarget(
                    name: "\(name)",
                    dependencies: [.product(name: "WeaverRuntime", package: "\(weaver.name)")],
                    swiftSettings: settings),
                .testTarget(
                    name: "\(name)Tests",
                    dependencies: ["\(name)", .product(name: "WeaverTesting", package: "\(weaver.name)")],
                    swiftSettings: settings),
            ]
        )

        """
    }
}
