// swift-tools-version: 6.2
import PackageDescription

// What the benchmark and the peers it measures share, and what of the harness can be tested by itself. It depends on
// nothing, so that the peers do not build this project, and the tests take seconds.
let package = Package(
    name: "harness",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "CPeer", targets: ["CPeer"]),
    ],
    targets: [
        .target(name: "CPeer"),
    ]
)
