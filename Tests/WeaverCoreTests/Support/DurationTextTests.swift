import Testing

@testable import WeaverCore

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("30s", Duration.seconds(30)), ("500ms", .milliseconds(500)), ("1m30s", .seconds(90)), ("2h", .seconds(7200)),
        ("1.5s", .milliseconds(1500)), ("250us", .microseconds(250)), ("7ns", .nanoseconds(7)), ("0s", .zero),
        ("10000h", DurationText.maximum), ("1h2m3s4ms5us6ns", .nanoseconds(3_723_004_005_006)),
    ])
    func `durations are read in every unit`(text: String, duration: Duration) {
        #expect(DurationText.parse(text) == duration)
    }

    @Test(arguments: [
        "", "30", "s", "-1s", "+1s", "1 s", " 1s", "1s ", "1S", "1.s", ".5s", "1s1s", "1s1m", "1d", "1..5s", "1,5s",
        "10001h", "10000h1ns", "1234567890s", "0.1234567890s", "1e3s", "١s", "1sé",
    ])
    func `what is no duration is refused`(text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(arguments: [
        (Duration.zero, "0s"), (.seconds(60), "1m"), (.seconds(90), "1m30s"), (.milliseconds(1500), "1s500ms"),
        (.nanoseconds(3_723_004_005_006), "1h2m3s4ms5us6ns"), (DurationText.maximum, "10000h"),
    ])
    func `what is written is read as the same`(duration: Duration, text: String) {
        #expect(DurationText.text(duration) == text)
        #expect(DurationText.parse(text) == duration)
    }
}
