#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Names deployments that no registry knows.
enum DeploymentName {
    /// A UUID.
    static func fresh() -> String { UUID().uuidString.lowercased() }
}
