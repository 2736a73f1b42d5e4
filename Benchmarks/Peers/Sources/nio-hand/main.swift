// An RPC written on SwiftNIO by someone who measures: frames decoded in the read callback, a task for each call on the
// event loop, one flush for all that a turn of the loop has answered. No deadlines, no cancellation, no trace context.
import CPeer
import Peer

switch Peer.fromCommandLine(about: "SwiftNIO 2.101.2, by hand") {
case .serve:
    try await serve(EchoService())
case .run(let run):
    let client = try await EchoClient.connect(port: run.port)
    peer_start_stopwatch()
    try await withThrowingDiscardingTaskGroup { group in
        for number in 0..<run.inFlight {
            group.addTask(executorPreference: client.executor) {
                var lane = Lane(number, countsOnOneThread: true)
                try await lane.call(run.payload) { try await client.bytes($0) }
            }
        }
    }
}
