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

// What the benchmark and the peers it measures share, and what of the harness can be tested by itself. It depends on
// nothing, so that the peers do not build this project, and the tests take seconds.
let package = Package(
    name: "harness",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "CPeer", targets: ["CPeer"]),
        .library(name: "Peer", targets: ["Peer"]),
        .library(name: "Harness", targets: ["Harness"]),
    ],
    targets: [
        // The contract that peers keep, in C for all of them, and what it is in Swift.
        .target(name: "CPeer"),
        .target(name: "Peer", dependencies: ["CPeer"], swiftSettings: settings),
        .target(name: "CAffinity"),
        .target(name: "Harness", dependencies: ["CAffinity"], swiftSettings: settings),
        .testTarget(name: "HarnessTests", dependencies: ["Harness"], swiftSettings: settings),
    ]
)
