import Harness

/// What is asked of a proxy: answers of one size, over so many connections that ask again at once.
struct ProxyShape: Hashable, Encodable, Sendable {
    /// Bytes of an answer's body.
    let size: Int
    /// Connections, with one request each on its way.
    let connections: Int

    /// From this size on, what each GiB takes is the number to look at.
    private static let smallestLarge = 1 << 20

    var isLarge: Bool { size >= Self.smallestLarge }

    /// For people.
    var title: String { "\(Shape.text(bytes: size)), \(connections) connections" }

    static let standard = [
        ProxyShape(size: 2, connections: 64), ProxyShape(size: 1 << 10, connections: 64),
        ProxyShape(size: 100 << 10, connections: 16), ProxyShape(size: 10 << 20, connections: 4),
    ]
}

/// The runs of one proxy at one shape, and how they compare to the floor's.
struct ProxyRow: Encodable, Sendable {
    let contender: String
    let title: String
    let shape: ProxyShape
    let requestsPerSecond: Spread
    /// Processor time of the proxy for each request, in microseconds.
    let proxyMicroseconds: Spread
    /// Processor time of the proxy for each GiB of bodies, in seconds.
    let secondsPerGiB: Spread
    let p50Microseconds: Spread
    let p99Microseconds: Spread
    /// How many cores anything but proxy, backend and clients kept busy.
    let otherCores: Spread
    /// The proxy's median divided by the floor's; nil where the floor was not measured.
    let ratio: Double?
    let runs: [PeerMeasurement]

    /// Nil where there is no run.
    init?(_ contender: ProxyContender, _ shape: ProxyShape, _ runs: [PeerMeasurement], floor: [PeerMeasurement]?) {
        let perGiB = Double(1 << 30) / Double(shape.size) / 1e6
        guard let rate = Spread(runs.map(\.callsPerSecond)), let proxy = Spread(runs.map(\.serverMicroseconds)),
            let bulk = Spread(runs.map { $0.serverMicroseconds * perGiB }),
            let p50 = Spread(runs.map(\.p50Microseconds)), let p99 = Spread(runs.map(\.p99Microseconds)),
            let others = Spread(runs.map(\.otherCores))
        else { return nil }
        self.contender = contender.name
        title = contender.title
        self.shape = shape
        requestsPerSecond = rate
        proxyMicroseconds = proxy
        secondsPerGiB = bulk
        p50Microseconds = p50
        p99Microseconds = p99
        otherCores = others
        ratio = floor.flatMap { Spread($0.map(\.serverMicroseconds)) }.map { proxy.median / $0.median }
        self.runs = runs
    }

    /// What the table of a shape has of its rows.
    static func columns(of shape: ProxyShape) -> [String] {
        ["proxy", "requests/s", "min", "max", shape.isLarge ? "CPU s per GiB" : "proxy µs", "min", "max", "× floor"]
            + ["p50 µs", "p99 µs", "others"]
    }

    var cells: [String] {
        [title] + requestsPerSecond.cells(0)
            + (shape.isLarge ? secondsPerGiB.cells(3) : proxyMicroseconds.cells(1))
            + [ratio.map { $0.text(2) } ?? "-"]
            + [p50Microseconds.median.text(0), p99Microseconds.median.text(0), otherCores.median.text(2)]
    }
}
