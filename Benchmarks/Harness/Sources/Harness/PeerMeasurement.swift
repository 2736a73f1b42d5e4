import Foundation

/// What one run of a peer has given: its line of JSON, as `peer.h` says.
public struct PeerMeasurement: Codable, Equatable, Sendable {
    /// Calls that were answered in the window.
    public let calls: Int
    /// How long the window was.
    public let nanoseconds: UInt64
    /// Processor time of the server in the window: of all its threads, in user space and in the kernel.
    public let serverNanoseconds: UInt64
    /// The client's, likewise.
    public let clientNanoseconds: UInt64
    /// What everything else on the machine took in the window: who shares its cores and caches disturbs.
    public let othersNanoseconds: UInt64
    /// What half of the timed calls did not exceed.
    public let p50Nanoseconds: UInt64
    /// What 99 of 100 timed calls did not exceed.
    public let p99Nanoseconds: UInt64

    /// Decodes the line; throws where it is not one, or says that nothing was measured.
    public init(line: String) throws {
        do {
            self = try JSONDecoder().decode(PeerMeasurement.self, from: Data(line.utf8))
        } catch {
            throw PeerFailure("not a measurement: \(line.isEmpty ? "nothing was printed" : line)")
        }
        guard calls > 0, nanoseconds > 0 else { throw PeerFailure("nothing was measured: \(line)") }
    }

    /// Answers in a second.
    public var callsPerSecond: Double { Double(calls) * 1e9 / Double(nanoseconds) }

    /// Processor time of the server for each call.
    public var serverMicroseconds: Double { Double(serverNanoseconds) / Double(calls) / 1000 }

    /// Processor time of the client for each call.
    public var clientMicroseconds: Double { Double(clientNanoseconds) / Double(calls) / 1000 }

    /// How many cores everything else kept busy.
    public var otherCores: Double { Double(othersNanoseconds) / Double(nanoseconds) }

    /// ``p50Nanoseconds`` in microseconds.
    public var p50Microseconds: Double { Double(p50Nanoseconds) / 1000 }

    /// ``p99Nanoseconds`` in microseconds.
    public var p99Microseconds: Double { Double(p99Nanoseconds) / 1000 }
}

/// Why a peer has given no number.
public struct PeerFailure: Error, Equatable, CustomStringConvertible {
    /// For people.
    public let description: String

    /// A failure in those words.
    public init(_ description: String) {
        self.description = description
    }
}
