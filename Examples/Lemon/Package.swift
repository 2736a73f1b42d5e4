// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Lemon",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "weaver", path: "../.."),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "Lemon",
            dependencies: [
                .product(name: "WeaverRuntime", package: "weaver"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)]),
        .testTarget(
            name: "LemonTests", dependencies: ["Lemon", .product(name: "WeaverTesting", package: "weaver")],
            swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
