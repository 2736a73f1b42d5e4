import Foundation
import Harness

/// What `call` prints.
struct CallReport: Encodable {
    let comparison: Comparison
    let prices: [CopyPrice]
    /// Peers that were asked for and not built.
    let missing: [String]
    /// What each program is, with versions.
    let contenders: [String: String]
    let repeats: Int
    let seconds: Double
    let warmUp: Double
    let quiet: Double?

    func print(json: Bool) throws {
        guard !json else { return try Report("call", rows: [self]).printJSON() }
        Swift.print(Machine.current.line)
        Swift.print("\(repeats) runs of \(seconds.text(1)) s each, after \(warmUp.text(1)) s that do not count")
        if let quiet { Swift.print("a run with others on more than \(quiet.text(2)) cores was made again") }
        for (name, about) in contenders.sorted(by: { $0.key < $1.key }) { Swift.print("* \(name): \(about)") }
        Swift.print()
        Swift.print(comparison.text(more: floors))
        for line in missing { Swift.print("\nLeft out: \(line)") }
        guard !prices.isEmpty else { return }
        Swift.print("\n### What large arguments cannot avoid\n")
        Swift.print(TextTable.text(columns: CopyPrice.columns, rows: prices.map(\.cells)))
    }

    /// Rows that are computed, not measured: the ceiling, and a warm copy each way on either side; where a String was
    /// measured, one validation more on either side, which is the side that gets it.
    private func floors(of shape: Shape) -> [[String]] {
        let rows = comparison.rows.filter { $0.shape == shape }
        guard let price = prices.first(where: { $0.size == shape.size }),
            let ceiling = rows.first(where: { $0.contender == Contenders.ceiling })
        else { return [] }
        let copies = 2 * price.warmMicroseconds.median
        var floors = [("(computed: ceiling + a copy each way)", copies)]
        if rows.contains(where: { $0.contender.hasSuffix(PayloadKind.text.rawValue) }) {
            floors.append(("(computed: the same + a UTF-8 validation)", copies + price.validationMicroseconds.median))
        }
        return floors.map { title, more in
            let server = ceiling.serverMicroseconds.median
            let client = ceiling.clientMicroseconds.median
            return [title, "", "", "", (server + more).text(1), "", "", ((server + more) / server).text(2)]
                + [(client + more).text(1), "", "", ((client + more) / client).text(2)]
        }
    }
}
