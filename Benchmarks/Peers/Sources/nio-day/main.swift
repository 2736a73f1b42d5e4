// An RPC as one writes it on SwiftNIO in a day, with what its documentation recommends: async channels, the frame
// handlers of swift-nio-extras, an actor for the calls in flight, a task for each call, on Swift's pool. No deadlines,
// no cancellation, no trace context.
import CPeer
import Peer

switch Peer.fromCommandLine(about: "SwiftNIO 2.101.2, as written in a day") {
case .serve:
    try await serve()
case .run(let run):
    try await EchoClient.withConnection(port: run.port) { client in
        peer_start_stopwatch()
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<run.inFlight {
                group.addTask {
                    var lane = Lane(number, countsOnOneThread: false)
                    try await lane.call(run.payload) { try await client.bytes($0) }
                }
            }
        }
    }
}
