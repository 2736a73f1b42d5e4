import Foundation
import FuzzTargets
import Testing

/// What fuzzing has found stays found: every committed case runs through its target, whose properties trap.
@Suite struct FuzzCasesTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fuzz/Cases")

    @Test(arguments: FuzzTarget.allCases)
    func `every committed case holds`(_ target: FuzzTarget) throws {
        let cases = try FileManager.default.contentsOfDirectory(
            at: Self.folder.appending(path: target.rawValue), includingPropertiesForKeys: nil)
        #expect(!cases.isEmpty)
        for file in cases {
            let bytes = [UInt8](try Data(contentsOf: file))
            target.run(bytes)
            // A case that was cut or grown by a byte is as hostile.
            target.run(bytes + [0])
            target.run(Array(bytes.dropLast()))
        }
    }
}
