// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "weaver", path: ".."),
        .package(name: "harness", path: "Harness"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        // The ceiling: C on libuv, which Debian's libuv1-dev puts where the compiler looks.
        .executableTarget(
            name: "libuv-echo", dependencies: [.product(name: "CPeer", package: "harness")],
            linkerSettings: [.linkedLibrary("uv")]),
        // The floor of a proxy, and both ends of what proxies are measured with.
        .executableTarget(name: "libuv-relay", linkerSettings: [.linkedLibrary("uv")]),
        .executableTarget(
            name: "http-load", dependencies: [.product(name: "CPeer", package: "harness")],
            linkerSettings: [.linkedLibrary("uv")]),
        // An application in one process, for `weaver-bench single`.
        .executableTarget(
            name: "single-app",
            dependencies: [
                .product(name: "WeaverRuntime", package: "weaver"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
        .executableTarget(
            name: "weaver-bench",
            dependencies: [
                .product(name: "CPeer", package: "harness"),
                .product(name: "Harness", package: "harness"),
                .product(name: "Peer", package: "harness"),
                .product(name: "WeaverRuntime", package: "weaver"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .treatAllWarnings(as: .error),
            ]),
    ]
)
