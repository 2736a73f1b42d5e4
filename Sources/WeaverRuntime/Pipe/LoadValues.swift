internal import SwiftProtobuf
internal import WeaverCore
internal import WeaverProtocol

extension PBLoad {
    init(_ reports: [LoadReport]) {
        self.init()
        self.reports = reports.map(PBLoadReport.init)
    }

    /// The reports that make sense, and why the first of the others does not.
    func value() -> WeaveletMessage {
        guard reports.count <= LoadLimits.reports else {
            return .load([], problem: "\(reports.count) reports in one answer")
        }
        var values: [LoadReport] = []
        var problem: String?
        for report in reports {
            do throws(PipeDecodingError) {
                values.append(try report.value())
            } catch {
                problem = problem ?? error.description
            }
        }
        return .load(values, problem: problem)
    }
}

extension PBLoadReport {
    init(_ report: LoadReport) {
        self.init()
        component = report.component
        version = report.version
        seconds = report.seconds
        slices = report.slices.map { slice in
            .with {
                $0.first = slice.first
                $0.last = slice.last
                $0.distinctKeys = slice.distinctKeys
                $0.partCalls = slice.partCalls
                $0.hotKeys = slice.hotKeys.map { hot in
                    .with {
                        $0.key = hot.key
                        $0.calls = hot.calls
                    }
                }
            }
        }
    }

    func value() throws(PipeDecodingError) -> LoadReport {
        // Before anything is made of them.
        guard slices.count <= LoadLimits.slices else {
            throw PipeDecodingError(description: "a report of \(slices.count) slices")
        }
        for slice in slices {
            guard slice.partCalls.count <= SliceLoad.parts, slice.hotKeys.count <= SliceLoad.maximumHotKeys else {
                throw PipeDecodingError(
                    description: "a slice of \(slice.partCalls.count) parts and \(slice.hotKeys.count) hot keys")
            }
        }
        let report = LoadReport(
            component: component, version: version, seconds: seconds,
            slices: slices.map { slice in
                SliceLoad(
                    first: slice.first, last: slice.last, calls: slice.partCalls.reduce(0, &+),
                    distinctKeys: slice.distinctKeys, partCalls: slice.partCalls,
                    hotKeys: slice.hotKeys.map { KeyCalls(key: $0.key, calls: $0.calls) })
            })
        if let problem = report.problem { throw PipeDecodingError(description: problem) }
        return report
    }
}
