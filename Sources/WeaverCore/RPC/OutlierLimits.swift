/// When a replica that fails its calls gets none for a while: the bounds, with their defaults.
public struct OutlierLimits: Sendable, Equatable {
    /// How many calls in a row a replica must have failed to be ejected; at least 1.
    public var consecutiveFailures = 5

    /// How long there must have been nothing but failures, from the first of them to the last: the calls that are lost
    /// with one connection are one mishap, and a replica that still answers some of many calls is overloaded, not broken.
    public var failingTime: Duration = .milliseconds(500)

    /// How long a replica is ejected the first time; the n-th time in a row it is n times as long.
    public var baseEjectionTime: Duration = .seconds(5)

    /// The longest ejection. A replica that has done well for as long begins at the first time again.
    public var maximumEjectionTime: Duration = .seconds(60)

    /// How many percent of a component's replicas may be ejected at a time. One of several always may, unless this is 0,
    /// which ejects none; the only one never is.
    public var maximumEjectedPercent = 50

    /// How long a probe may go without an outcome before another one is made.
    public var probeTimeout: Duration = .seconds(5)

    /// The defaults.
    public init() {}
}
