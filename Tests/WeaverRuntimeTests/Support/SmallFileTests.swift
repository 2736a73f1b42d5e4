import Testing

@testable import WeaverRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct SmallFileTests {
    @Test func `a file is read up to the limit and refused past it`() throws {
        try withTemporaryFolder { folder in
            for count in [0, 1, 99, 100] {
                let bytes = [UInt8](repeating: 7, count: count)
                try put(bytes, at: folder + "/f")
                #expect(try SmallFile.read(folder + "/f", limit: 100) == bytes)
            }
            try put([UInt8](repeating: 7, count: 101), at: folder + "/f")
            #expect(throws: FileError.tooLarge(limit: 100)) { try SmallFile.read(folder + "/f", limit: 100) }
        }
    }

    @Test func `a pipe, a folder and a link in its place do not hang or mislead the reader`() throws {
        try withTemporaryFolder { folder in
            let made = unsafe mkfifo(folder + "/pipe", 0o600)
            #expect(made == 0)
            #expect(throws: FileError.notAFile) { try SmallFile.read(folder + "/pipe", limit: 100) }
            #expect(throws: FileError.notAFile) { try SmallFile.read(folder, limit: 100) }
            #expect(throws: FileError.missing) { try SmallFile.read(folder + "/none", limit: 100) }
            #expect(throws: FileError.notAFile) { try SmallFile.read("/dev/zero", limit: 100) }
            try put([1], at: folder + "/f")
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: folder + "/f")
            #expect(try SmallFile.read(folder + "/link", limit: 100) == [1])
            #expect(throws: FileError.notAFile) { try SmallFile.read(folder + "/link", limit: 100, onlyOwn: true) }
            #expect(try SmallFile.read(folder + "/f", limit: 100, onlyOwn: true) == [1])
        }
    }
}
