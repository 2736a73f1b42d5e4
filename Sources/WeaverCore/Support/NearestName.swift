/// Finds the name that somebody probably meant: for a misspelt config key, component, listener or subcommand.
///
/// The distance is the optimal string alignment distance (insertions, deletions, substitutions and swaps of
/// neighbours, each 1), with letters of either case taken as equal. The work is bounded: names longer than
/// ``maximumLength`` bytes are not compared.
package enum NearestName {
    /// The length in bytes above which a name is not compared.
    package static let maximumLength = 256

    /// The candidate nearest to `name`, or `nil` when none is near enough to be a plausible misspelling: at most a third
    /// of the longer name's bytes may differ, and one in names of two or three. Of equally near candidates the first wins.
    package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
        var best: (name: String, distance: Int)?
        for candidate in candidates where name.utf8.count <= maximumLength && candidate.utf8.count <= maximumLength {
            let length = max(name.utf8.count, candidate.utf8.count)
            let tolerated = min(max(1, length / 3), length - 1)
            let distance = distance(name, candidate)
            if distance <= tolerated && distance < best?.distance ?? .max {
                best = (candidate, distance)
            }
        }
        return best?.name
    }

    /// The end of an error message that names the nearest candidate: `; did you mean "listeners"?`, or nothing.
    package static func suggestion(for name: String, among candidates: some Sequence<String>) -> String {
        of(name, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// The optimal string alignment distance of two names, by bytes, in three rows.
    private static func distance(_ first: String, _ second: String) -> Int {
        let first = first.utf8.map(lowercase)
        let second = second.utf8.map(lowercase)
        var beforePrevious: [Int] = []
        var previous = Array(0...second.count)
        for i in first.indices {
            var row = [i + 1]
            for j in second.indices {
                var best = min(row[j] + 1, previous[j + 1] + 1, previous[j] + (first[i] == second[j] ? 0 : 1))
                if i > 0 && j > 0 && first[i] == second[j - 1] && first[i - 1] == second[j] {
                    best = min(best, beforePrevious[j - 1] + 1)
                }
                row.append(best)
            }
            (beforePrevious, previous) = (previous, row)
        }
        return previous[second.count]
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
