import Testing

@testable import WeaverRuntime

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@Suite struct BuildIdentityTests {
    @Test func `a process knows its build, the same each time`() throws {
        let first = try BuildIdentity.current()
        #expect(!first.isEmpty)
        #expect(try BuildIdentity.current() == first)
    }

    @Test func `a copy and a touch are the same build, and one other byte is another`() throws {
        try withTemporaryFolder { folder in
            let bytes = (0..<10_007).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try put(bytes, at: folder + "/a")
            try put(bytes, at: folder + "/b")
            let hash = try #require(BuildIdentity.contentHash(of: folder + "/a"))
            #expect(BuildIdentity.contentHash(of: folder + "/b") == hash)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: folder + "/a")
            #expect(BuildIdentity.contentHash(of: folder + "/a") == hash)
            var seen: Set = [hash]
            for position in [0, 1, 7, 8, 5000, 10_000, 10_006] {
                var changed = bytes
                changed[position] ^= 1
                try put(changed, at: folder + "/b")
                seen.insert(try #require(BuildIdentity.contentHash(of: folder + "/b")))
            }
            try put(bytes + [0], at: folder + "/b")
            seen.insert(try #require(BuildIdentity.contentHash(of: folder + "/b")))
            #expect(seen.count == 9)
        }
    }

    @Test func `what cannot be read has no identity`() {
        #expect(BuildIdentity.contentHash(of: "/nowhere") == nil)
        #expect(BuildIdentity.contentHash(of: "/tmp") == nil)
    }
}
