import ArgumentParser
import WeaverCore

/// `weaver version`
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version",
        abstract: "Prints the version, the platform, and the protocol versions that deployed binaries may speak.")

    func run() {
        print(Self.text)
    }

    /// What is printed.
    static var text: String {
        let protocols = PipeProtocol.supported
        return "weaver \(version) \(platform), pipe protocol \(protocols.lowerBound) to \(protocols.upperBound)"
    }

    /// The version of this package.
    static let version = "0.1.0"

    private static var platform: String {
        #if os(Linux)
            let system = "linux"
        #else
            let system = "macos"
        #endif
        #if arch(x86_64)
            return system + "/x86_64"
        #else
            return system + "/arm64"
        #endif
    }
}
