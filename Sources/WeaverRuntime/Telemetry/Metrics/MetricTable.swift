internal import Synchronization
package import WeaverCore

/// One series of this process as it is measured.
package protocol MetricCell: AnyObject, Sendable {
    /// What is to be reported since the last time; nil when nothing has changed.
    func take() -> MetricValue?
}

/// The metrics of a process. Bounded by ``MetricLimits``; may be used from any thread.
package final class MetricTable: Sendable {
    private struct State {
        var cells: [UInt32: any MetricCell] = [:]
        var ids: [MetricDefinition: UInt32] = [:]
        /// In the order of their numbers.
        var unreported: [MetricReport.Definition] = []
        var removed: [UInt32] = []
        var nextID: UInt32 = 0
        var refused: UInt64 = 0
    }

    private let state = Mutex(State())

    /// An empty table.
    package init() {}

    /// The cell of the series `definition`, which `make` makes when there is none yet; nil where there is no room for it,
    /// which is counted. Whoever has the cell measures with it, and shares it with all others who have asked.
    package func cell<Cell: MetricCell>(_ definition: MetricDefinition, _ make: () -> Cell) -> Cell? {
        state.withLock { state in
            if let id = state.ids[definition] { return state.cells[id] as? Cell }
            guard state.cells.count < MetricLimits.series, definition.isWithinLimits else {
                state.refused += 1
                return nil
            }
            let cell = make()
            state.ids[definition] = state.nextID
            state.cells[state.nextID] = cell
            state.unreported.append(.init(id: state.nextID, definition))
            state.nextID &+= 1
            return cell
        }
    }

    /// The series of `cell` is no more; what has not been reported of it is lost.
    package func remove(_ cell: AnyObject) {
        state.withLock { state in
            guard let id = state.cells.first(where: { $0.value === cell })?.key else { return }
            state.cells[id] = nil
            state.ids = state.ids.filter { $0.value != id }
            let known = state.unreported.count
            state.unreported.removeAll { $0.id == id }
            if state.unreported.count == known { state.removed.append(id) }
        }
    }

    /// What has changed since the last report; nil for nothing.
    package func takeReport() -> MetricReport? {
        let (report, cells) = state.withLock { state in
            var report = MetricReport()
            report.definitions = state.unreported
            report.removed = state.removed
            report.refused = state.refused
            (state.unreported, state.removed, state.refused) = ([], [], 0)
            return (report, state.cells)
        }
        var changed = report
        for (id, cell) in cells.sorted(by: { $0.key < $1.key }) {
            if let value = cell.take() { changed.changes.append(.init(id: id, value)) }
        }
        return changed.isEmpty ? nil : changed
    }
}
