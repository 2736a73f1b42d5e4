/// The kinds of handle that a loop owns.
package enum HandleKind: Int, CaseIterable, Sendable {
    case tcp, pipe, timer, signal, process, listener

    var name: String {
        switch self {
        case .tcp: "TCP stream"
        case .pipe: "pipe stream"
        case .timer: "timer"
        case .signal: "signal source"
        case .process: "child process"
        case .listener: "listener"
        }
    }
}

/// How many handles of each kind a loop has allocated and freed: a leak is a difference at the end.
///
/// Tests assert ``isBalanced`` after each loop's end; a handle that nobody closed is counted in ``abandoned``.
package struct HandleCensus: Equatable, Sendable, CustomStringConvertible {
    package private(set) var allocated = [Int](repeating: 0, count: HandleKind.allCases.count)
    package private(set) var freed = [Int](repeating: 0, count: HandleKind.allCases.count)
    /// Handles that were still open when the loop was stopped and were closed by it.
    package internal(set) var abandoned = 0

    mutating func allocate(_ kind: HandleKind) { allocated[kind.rawValue] += 1 }
    mutating func free(_ kind: HandleKind) { freed[kind.rawValue] += 1 }

    /// Handles that are allocated now.
    package var live: Int { allocated.reduce(0, +) - freed.reduce(0, +) }

    /// Whether every handle was closed by its owner and freed.
    package var isBalanced: Bool { allocated == freed && abandoned == 0 }

    package var description: String {
        let rows = HandleKind.allCases.filter { allocated[$0.rawValue] > 0 }.map {
            "\($0.name): \(allocated[$0.rawValue]) allocated, \(freed[$0.rawValue]) freed"
        }
        return (rows + ["\(abandoned) abandoned"]).joined(separator: "; ")
    }
}
