/// From the deployer to a weavelet; see weaver.proto for what each means and how it is answered.
package enum EnvelopeMessage: Equatable, Sendable {
    case setup(SetupInfo)
    case componentsToStart([String])
    case routingInfo(RoutingInfo)
    case address(String)
    case listenerExported(proxyAddress: String)
    case done
    case refused(String)
    case healthCheck
    case drain
    case shutdown
    /// Asks for the load since the last answer; answered by ``WeaveletMessage/load(_:)``.
    case reportLoad
    /// A kind that this build does not know.
    case unknown
}

/// From a weavelet to the deployer.
package enum WeaveletMessage: Equatable, Sendable {
    case info(WeaveletInfo)
    case done
    case refused(String)
    case startComponent(String)
    case getAddress(listener: String)
    case exportListener(listener: String, address: String)
    case log([LogEntry], dropped: UInt64)
    case spans([SpanRecord], dropped: UInt64)
    /// What makes no sense by itself is not in the report; `problem` says why the first of it does not.
    case metrics(MetricReport, problem: String? = nil)
    case health
    case leaving(completed: Bool)
    /// Answers ``EnvelopeMessage/reportLoad``: one report for each routed component that the replica hosts, also when it
    /// has had no call. Reports that make no sense are not among them; `problem` says why the first of these does not.
    case load([LoadReport], problem: String? = nil)
    /// A kind that this build does not know.
    case unknown
}

/// Bounds of the pipe protocol.
package enum PipeLimits {
    /// The largest message, in bytes.
    package static let messageSize = 64 << 20
    /// How many requests one side may have open.
    package static let openRequests = 65_536
}
