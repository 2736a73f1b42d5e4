import Testing
import WeaverCore

@Suite struct StallDetectorTests {
    private func at(_ milliseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test func `a tick is reported once for each limit that it lasts`() {
        var detector = StallDetector(limit: .milliseconds(100))
        #expect(detector.observe(round: 1, isBusy: true, now: at(0)) == nil)
        #expect(detector.observe(round: 1, isBusy: true, now: at(99)) == nil)
        #expect(detector.observe(round: 1, isBusy: true, now: at(100)) == .milliseconds(100))
        #expect(detector.observe(round: 1, isBusy: true, now: at(199)) == nil)
        #expect(detector.observe(round: 1, isBusy: true, now: at(200)) == .milliseconds(200))
    }

    @Test func `a loop that goes round, or waits, is not stuck`() {
        var detector = StallDetector(limit: .milliseconds(100))
        #expect(detector.observe(round: 1, isBusy: true, now: at(0)) == nil)
        #expect(detector.observe(round: 2, isBusy: true, now: at(150)) == nil)
        #expect(detector.observe(round: 2, isBusy: false, now: at(300)) == nil)
        #expect(detector.observe(round: 2, isBusy: true, now: at(500)) == nil)
        #expect(detector.observe(round: 2, isBusy: true, now: at(599)) == nil)
        #expect(detector.observe(round: 2, isBusy: true, now: at(600)) == .milliseconds(100))
    }
}
