package import WeaverCore

/// A range of the space of routing keys and where its replicas are.
package struct RoutedSlice: Sendable, Equatable {
    /// The first key; the slice reaches to the next one's first key.
    package var start: UInt64
    /// The replicas, any of which may serve the keys.
    package var addresses: [SocketAddress]

    package init(start: UInt64, addresses: [SocketAddress]) {
        self.start = start
        self.addresses = addresses
    }
}

/// The replicas of one component as calls choose among them. On the loop's thread.
struct ReplicaRoutes {
    /// The replicas.
    private(set) var channels: [RPCChannel] = []
    /// The first keys of the slices, sorted, and the places in `channels` of each one's owners.
    private var starts: [UInt64] = []
    private var owners: [[Int]] = []
    /// Which of them fail their calls.
    private(set) var outliers: OutlierDetector
    private var random = SeededGenerator(seed: .random(in: .min ... .max))

    init(limits: OutlierLimits) {
        outliers = OutlierDetector(limits: limits)
    }

    /// Takes over the replicas and, of a routed component, the slices, which are sorted by their first key.
    mutating func update(_ channels: [RPCChannel], slices: [RoutedSlice]) {
        self.channels = channels
        outliers.update(channels.map(\.address))
        starts = slices.map(\.start)
        owners = slices.map { slice in
            slice.addresses.compactMap { address in channels.firstIndex { $0.address == address } }
        }
    }

    /// The replica for a call: the less busy of two random ones of the slice that `routingKey` falls into, or of all when
    /// none of those is usable; not `failed` while there is another. Nil when there is none at all.
    mutating func pick(_ routingKey: UInt64?, excluding failed: SocketAddress?, now: MonotonicTime) -> RPCChannel? {
        guard channels.count > 1 else { return channels.first }
        if !outliers.isQuiet, let channel = takeProbe(excluding: failed, now) { return channel }
        if let routingKey, let slice = slice(of: routingKey),
            let channel = pick(among: owners[slice], failed, now), channel.address != failed, isUsable(channel, now)
        {
            return channel
        }
        guard let channel = pick(among: channels.indices, failed, now) else { return nil }
        if isUsable(channel, now) { return channel }
        return channels.first { $0.address != failed && isUsable($0, now) } ?? channel
    }

    /// A call at the replica at `address` has come to an end.
    mutating func report(_ outcome: CallOutcome, from address: SocketAddress, now: MonotonicTime) {
        // Of one that is gone nothing is kept.
        guard channels.contains(where: { $0.address == address }) else { return }
        outliers.report(outcome, from: address, now: now)
    }

    /// The replica that this call is to probe, where one is due.
    private mutating func takeProbe(excluding failed: SocketAddress?, _ now: MonotonicTime) -> RPCChannel? {
        let channels = channels
        let due = outliers.takeProbe(now: now) { address in
            address != failed && channels.contains { $0.address == address && $0.isUsable(now: now) }
        }
        return due.flatMap { due in channels.first { $0.address == due } }
    }

    /// Whether a call has a chance there.
    @inline(__always)
    private func isUsable(_ channel: RPCChannel, _ now: MonotonicTime) -> Bool {
        channel.isUsable(now: now) && (outliers.isQuiet || !outliers.isEjected(channel.address))
    }

    /// Whether another replica than the one at `address` has a chance.
    func hasAlternative(to address: SocketAddress, now: MonotonicTime) -> Bool {
        channels.contains { $0.address != address && isUsable($0, now) }
    }

    private func slice(of key: UInt64) -> Int? {
        let next = starts.partitioningIndex { $0 > key }
        return next == 0 ? nil : next - 1
    }

    @inline(__always)
    private mutating func pick(
        among places: some RandomAccessCollection<Int>, _ failed: SocketAddress?, _ now: MonotonicTime
    ) -> RPCChannel? {
        func place(_ index: Int) -> Int { places[places.index(places.startIndex, offsetBy: index)] }
        guard places.count > 1 else { return places.first.map { channels[$0] } }
        let excluded = failed.flatMap { failed in (0..<places.count).first { channels[place($0)].address == failed } }
        let index = Balancer.pick(count: places.count, excluding: excluded, random: random.next()) { index in
            let channel = channels[place(index)]
            return isUsable(channel, now) ? channel.callsInFlight : .max
        }
        return index.map { channels[place($0)] }
    }
}
