// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// What this project is measured against, as far as it is written in Swift: a package of its own, so that whoever builds
// the benchmark does not build these. The versions are exact, because the peers say them of themselves.
let package = Package(
    name: "peers",
    platforms: [.macOS(.v26)],
    dependencies: [
        .package(name: "harness", path: "../Harness"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),
    ],
    targets: [
        .executableTarget(
            name: "nio-hand",
            dependencies: [
                .product(name: "CPeer", package: "harness"),
                .product(name: "Peer", package: "harness"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "nio-day",
            dependencies: [
                .product(name: "CPeer", package: "harness"),
                .product(name: "Peer", package: "harness"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "grpc-swift",
            dependencies: [
                .product(name: "CPeer", package: "harness"),
                .product(name: "Peer", package: "harness"),
                .product(name: "GRPCCore", package: "grpc-swift-2"),
                .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
            ],
            swiftSettings: settings),
    ]
)
