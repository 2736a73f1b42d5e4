internal import CUV
internal import WeaverCore

/// Long bodies of announced length do not enter this process: what is left of them after the first read goes from the
/// backend's socket to the client's inside of the kernel.
extension BackendConnection: StreamSpliceDelegate {
    /// Lets the rest of the body pass, when it is long and the client gets it as it is.
    func spliceLongBody() {
        guard splice == nil, let count = decoder.value.remainingLength, count >= smallestSplice, let stream,
            let way = client?.spliceDestination(count)
        else { return }
        splice = StreamSplice(count, from: stream, to: way.stream, through: way.pipes, delegate: self)
    }

    func splice(_ splice: StreamSplice, didTake count: Int) {
        decoder.value.skip(count)
        client?.responsePassed(count)
    }

    func spliceDidEnd(_ splice: StreamSplice) {
        self.splice = nil
        guard decoder.value.isAtEnd else { return }
        endResponse(isLast: stream?.descriptor.map(weaver_has_input) == 0)
    }
}
