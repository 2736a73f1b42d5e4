/// The assignments that a process has taken over: it never goes back to an older one.
package struct RoutingVersions: Sendable {
    private var versions: [String: UInt64] = [:]

    /// Nothing is known yet.
    package init() {}

    /// Whether `info` is to be taken over; false when its assignment is older than one that was.
    package mutating func accepts(_ info: RoutingInfo) -> Bool {
        guard let version = info.assignment?.version else { return true }
        if let known = versions[info.component], version < known { return false }
        versions[info.component] = version
        return true
    }
}
