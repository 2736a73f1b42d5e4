#if canImport(Glibc)
    import CTestMemory
    import Testing
    import WeaverLoop

    /// What a process keeps of the memory that large messages have had; glibc's own settings are the other half.
    @Suite struct KeptMemoryTests {
        /// Takes so many bytes in blocks as large messages have, gives them back, and says how many of them stay.
        private static func kept(of bytes: Int) -> Int {
            let before = Int(test_resident_bytes())
            let size = 64 << 10
            let blocks = (0..<bytes / size).map { _ in
                let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
                unsafe block.initializeMemory(as: UInt8.self, repeating: 1, count: size)
                return UInt(bitPattern: block)
            }
            for block in blocks { unsafe UnsafeMutableRawPointer(bitPattern: block)?.deallocate() }
            return Int(test_resident_bytes()) - before
        }

        @Test func freedMemoryBelowTheBoundStays() async {
            await #expect(processExitsWith: .success) {
                ProcessLimits.keepFreedMemory()
                let bytes = Int(ProcessLimits.keptMemory) * 3 / 4
                precondition(Self.kept(of: bytes) > bytes * 3 / 4)
            }
        }

        @Test func freedMemoryAboveTheBoundGoes() async {
            await #expect(processExitsWith: .success) {
                ProcessLimits.keepFreedMemory()
                let bytes = Int(ProcessLimits.keptMemory) * 2
                precondition(Self.kept(of: bytes) < bytes / 2)
            }
        }

        @Test func withoutAskingNothingStays() async {
            await #expect(processExitsWith: .success) {
                let bytes = Int(ProcessLimits.keptMemory) * 3 / 4
                precondition(Self.kept(of: bytes) < bytes / 4)
            }
        }
    }
#endif
