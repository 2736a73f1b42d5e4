// swift-tools-version: 6.2
import CompilerPluginSupport
import PackageDescription

// Two switches for those who build this package often; a plain `swift build` needs neither.
//
// WEAVER_PREBUILT_MACROS=1  leaves out the macro plugin and swift-syntax (475 s of a cold release build on two
//                           cores). The caller passes a plugin built before, in debug, to the compiler:
//                           -Xswiftc -load-plugin-executable -Xswiftc PATH#WeaverMacros. The Makefile does so.
// WEAVER_LAYERS=loop        leaves out everything above WeaverLoop, so that the core and the loop build and test in
//                           seconds: `swift test --filter` builds every target of a package.
// WEAVER_STRICT=1           makes warnings errors. CI sets it; the code of this package only, never a user's.
let prebuiltMacros = Context.environment["WEAVER_PREBUILT_MACROS"] == "1"
let onlyLoop = Context.environment["WEAVER_LAYERS"] == "loop"
let strict = Context.environment["WEAVER_STRICT"] == "1"

var settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableExperimentalFeature("Lifetimes"),
]
if strict {
    settings.append(.treatAllWarnings(as: .error))
}

let package = Package(
    name: "weaver",
    // Task.immediate needs the 26 releases. Only Linux is tested.
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "WeaverCore", targets: ["WeaverCore"]),
        .library(name: "WeaverLoop", targets: ["WeaverLoop"]),
    ],
    targets: [
        .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]),
        .target(name: "WeaverCore", swiftSettings: settings),
        .target(name: "WeaverLoop", dependencies: ["CUV", "WeaverCore"], swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["WeaverCore", "WeaverLoop"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .target(
            name: "FuzzTargets", dependencies: ["WeaverCore"], path: "Tests/FuzzTargets", swiftSettings: settings),
        .testTarget(
            name: "WeaverCoreTests", dependencies: ["WeaverCore", "FuzzTargets", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "WeaverLoopTests", dependencies: ["CTestMemory", "RPCTestProtocol", "WeaverLoop", "TestSupport"],
            swiftSettings: settings),
        // The other process of the RPC's tests. They do not depend on it, see WeaverCLI; whatever builds them builds it.
        .target(name: "CTestMemory", path: "Tests/Fixtures/CTestMemory"),
        .target(
            name: "RPCTestProtocol", dependencies: ["WeaverCore"], path: "Tests/Fixtures/RPCTestProtocol",
            swiftSettings: settings),
        .executableTarget(
            name: "RPCTestPeer", dependencies: ["CTestMemory", "RPCTestProtocol", "WeaverLoop"],
            path: "Tests/Fixtures/RPCTestPeer", swiftSettings: settings),
    ]
)

if onlyLoop {
    // For the nested package Fuzz.
    package.products.append(.library(name: "FuzzTargets", targets: ["FuzzTargets"]))
} else {
    package.products += [
        .library(name: "WeaverRuntime", targets: ["WeaverRuntime"]),
        .library(name: "WeaverEmbedding", targets: ["WeaverEmbedding"]),
        .library(name: "WeaverTesting", targets: ["WeaverTesting"]),
        .executable(name: "weaver", targets: ["weaver"]),
    ]
    package.dependencies += [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ]
    package.targets += [
        .target(
            name: "WeaverProtocol",
            dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
            exclude: ["weaver.proto", "regenerate"],
            // Settings of its own: the sources are generated.
            swiftSettings: [.swiftLanguageMode(.v6)]),
        // The bounds of the linker section that the macros' records lie in.
        .target(name: "CWeaverSection"),
        .target(
            name: "WeaverRuntime",
            dependencies: [
                "CWeaverSection", "WeaverCore", "WeaverLoop", "WeaverProtocol",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
                .product(name: "TOMLKit", package: "TOMLKit"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings),
        // The runtime inside services that people already have.
        .target(
            name: "WeaverEmbedding",
            dependencies: [
                "WeaverRuntime", .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WeaverEmbeddingTests",
            dependencies: [
                "WeaverEmbedding", "WeaverLoop", "TestSupport",
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        // Tests of applications: what their test targets import. The C part lets a test's binary be a replica.
        .target(name: "CWeaverTesting"),
        .target(
            name: "WeaverTesting",
            dependencies: [
                "CWeaverTesting", "WeaverCore", "WeaverLoop", "WeaverRuntime",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "WeaverTestingTests",
            dependencies: ["WeaverTesting", "WeaverCore", "WeaverRuntime", "TestSupport", "TestTracer"],
            swiftSettings: settings),
        // A tracer that is not the runtime's.
        .target(
            name: "TestTracer", dependencies: [.product(name: "Tracing", package: "swift-distributed-tracing")],
            path: "Tests/Fixtures/TestTracer", swiftSettings: settings),
        // The command line is a library with a thin executable: test targets that share a package with a macro's
        // tests are built for the host, for which SwiftPM emits no modules of executables.
        .target(
            name: "WeaverCLI",
            dependencies: [
                "WeaverCore", "WeaverLoop", "WeaverRuntime",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
        .executableTarget(name: "weaver", dependencies: ["WeaverCLI"], swiftSettings: settings),
        .testTarget(
            name: "WeaverRuntimeTests", dependencies: ["WeaverRuntime", "TestSupport", "TestTracer"],
            swiftSettings: settings),
        .testTarget(
            name: "WeaverCLITests", dependencies: ["WeaverCLI", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests", dependencies: ["TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "DocumentationTests", dependencies: ["WeaverCLI", "WeaverEmbedding", "WeaverTesting", "TestSupport"],
            swiftSettings: settings),
        // An application that misbehaves when it is asked to.
        .executableTarget(
            name: "UnrulyApp",
            dependencies: [
                "TestTracer", "WeaverRuntime",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            path: "Tests/Fixtures/UnrulyApp", swiftSettings: settings),
    ]
    if !prebuiltMacros {
        package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.0"))
        package.targets += [
            .macro(
                name: "WeaverMacros",
                dependencies: [
                    .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
                    .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
                    .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                    .product(name: "SwiftDiagnostics", package: "swift-syntax"),
                ],
                swiftSettings: [.swiftLanguageMode(.v6)]),
            .testTarget(
                name: "WeaverMacrosTests",
                dependencies: [
                    "WeaverMacros", "WeaverRuntime", "TestSupport",
                    .product(name: "SwiftSyntaxMacrosGenericTestSupport", package: "swift-syntax"),
                ],
                exclude: ["Cases", "Fixtures", "Snapshots"],
                swiftSettings: [.swiftLanguageMode(.v6)]),
        ]
        for target in package.targets where target.name == "WeaverRuntime" {
            target.dependencies.append("WeaverMacros")
        }
    }
}
