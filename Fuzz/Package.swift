// swift-tools-version:5.4
// Not newer: from 5.5 on SwiftPM defines `main` for executables, and here libFuzzer does.
import PackageDescription

// libFuzzer over the targets of ../Tests/FuzzTargets. `make fuzz TARGET=frames` builds it with the sanitizers, which have
// to instrument the fuzzed code too, and runs it.
let package = Package(
    name: "Fuzz",
    platforms: [.macOS("26.0")],
    dependencies: [.package(name: "weaver", path: "..")],
    targets: [
        .executableTarget(name: "weaver-fuzz", dependencies: [.product(name: "FuzzTargets", package: "weaver")])
    ]
)
