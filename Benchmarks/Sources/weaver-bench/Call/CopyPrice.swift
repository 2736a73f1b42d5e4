import Foundation
import Harness

/// What a call cannot avoid once it has an argument of its own: a copy of the bytes and, for a String, looking at each.
struct CopyPrice: Encodable {
    let size: Int
    /// One copy between two places that both fit the caches.
    let warmMicroseconds: Spread
    /// One copy between places that no cache has seen lately.
    let coldMicroseconds: Spread
    /// One validation of the bytes as UTF-8, without a copy; all of them are ASCII, as the payloads are.
    let validationMicroseconds: Spread

    /// What is copied back and forth to be cold: more than any cache holds.
    private static let coldBytes = 128 << 20
    private static let rounds = 7
    /// Bytes that each round copies at least.
    private static let bytesOfRound = 256 << 20
    /// Below that size a copy costs less than reading the clock around it could tell.
    private static let smallest = 16 << 10

    /// The prices for those sizes that are large enough.
    static func measure(sizes: Set<Int>) -> [CopyPrice] {
        sizes.filter { $0 >= smallest }.sorted().compactMap(measure)
    }

    private static func measure(_ size: Int) -> CopyPrice? {
        var source = [UInt8](repeating: UInt8(ascii: "a"), count: coldBytes)
        var target = [UInt8](repeating: 0, count: coldBytes)
        let places = coldBytes / size
        let count = max(1, bytesOfRound / size)
        let warm = rounds(count) { _ in copy(&source, &target, 0, size) }
        let cold = rounds(count) { number in copy(&source, &target, number % places * size, size) }
        let validation = rounds(count) { _ in validate(source, size) }
        guard let warm, let cold, let validation else { return nil }
        return CopyPrice(size: size, warmMicroseconds: warm, coldMicroseconds: cold, validationMicroseconds: validation)
    }

    /// Microseconds of one of `count` calls of `body`, over all rounds.
    private static func rounds(_ count: Int, _ body: (Int) -> Void) -> Spread? {
        Spread(
            (0..<rounds).map { _ in
                let clock = ContinuousClock()
                return clock.measure { for number in 0..<count { body(number) } } / .microseconds(1) / Double(count)
            })
    }

    /// Not inlined, so that no copy is left out because another follows.
    @inline(never)
    private static func copy(_ source: inout [UInt8], _ target: inout [UInt8], _ at: Int, _ size: Int) {
        source.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { target in
                UnsafeMutableRawBufferPointer(rebasing: target[at..<at + size])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[at..<at + size]))
            }
        }
    }

    @inline(never)
    private static func validate(_ source: [UInt8], _ size: Int) {
        guard (try? UTF8Span(validating: source.span.extracting(first: size))) != nil else {
            fatalError("the bytes are letters")
        }
    }

    static let columns = ["size", "warm copy µs", "min", "max", "cold copy µs", "min", "max", "UTF-8 µs", "min", "max"]

    var cells: [String] {
        [Shape.text(bytes: size)]
            + [warmMicroseconds, coldMicroseconds, validationMicroseconds].flatMap { $0.cells(1) }
    }
}
