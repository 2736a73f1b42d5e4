/// Every bound of the RPC, with its default.
public struct RPCLimits: Sendable, Equatable {
    /// The longest payload of a frame, in bytes. A longer one is refused by the sender as `frameTooLarge`; a peer that
    /// sends it all the same loses the connection.
    public var maximumFrameLength: Int = 100 * 1024 * 1024

    /// How many calls one connection carries at a time, in each process.
    public var maximumCallsPerConnection: Int = 10_000

    /// How many calls from all peers together a replica runs at a time; past it, calls are refused as `overloaded`.
    public var maximumCallsPerReplica: Int = 20_000

    /// How long nothing may arrive from a peer before it is asked with a ping.
    public var pingInterval: Duration = .seconds(5)

    /// How long nothing may arrive from a peer before it is lost and its calls fail.
    public var silenceLimit: Duration = .seconds(10)

    /// How long connecting and the exchange of hellos may take together.
    public var connectTimeout: Duration = .seconds(5)

    /// How many connections may be there whose hello has not come; past it, new ones are closed at once. All that
    /// strangers can hold.
    public var maximumGreetings: Int = 128

    /// How many calls a server begins for one connection before the others get their turn.
    public var callsPerTurn: Int = 1024

    /// How many bytes may wait to be sent to one peer before no more requests are read from it, and before calls to
    /// it are refused as `overloaded`.
    public var highWaterMark: Int = 64 * 1024 * 1024

    /// When one tick has written this many bytes to a peer they go out at once, so that both sides work at a time
    /// instead of taking turns on one batch.
    public var flushThreshold: Int = 2560

    /// How often the tasks of callers that wait are looked at for having been cancelled: the time after which a callee
    /// hears of it at the latest.
    public var cancellationInterval: Duration = .milliseconds(10)

    /// How long a call waits for the first replica of its component to appear, when it has no earlier deadline.
    public var replicaWait: Duration = .seconds(30)

    /// How long a server that drains waits, after its last call, for its callers to hang up. Who is still connected then may
    /// have sent a call that the server will not see, and not know whether it has run.
    public var farewell: Duration = .seconds(1)

    /// When a replica that fails its calls gets none for a while.
    public var outliers = OutlierLimits()

    /// The defaults.
    public init() {}

    /// The longest hello, in bytes: all that a stranger can make a process keep.
    public static let maximumHelloLength = 64 * 1024
    /// How many pairs of metadata a call carries.
    public static let maximumMetadataPairs = 64
    /// How many bytes the keys and values of a call's metadata have together.
    public static let maximumMetadataBytes = 8 * 1024
    /// How many fields of the application's own instrument a call carries beside the trace; more are left out.
    public static let maximumFields = 16
    /// How many bytes the names and values of these fields have together; what has no room is left out. Baggage has at least
    /// 8192 bytes (www.w3.org/TR/baggage).
    public static let maximumFieldBytes = 16 * 1024
    /// How many bytes of an error's type name and of its description travel; the rest is cut off.
    public static let maximumErrorTextBytes = 16 * 1024
}
