import Testing

@testable import WeaverCore

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("replica", "replicas"), ("binray", "binary"), ("Catgories", "Categories"), ("LEMON", "lemon"),
        ("dealine", "deadline"),
    ])
    func aMisspellingFindsTheName(typed: String, meant: String) {
        #expect(NearestName.of(typed, among: ["something-else", meant]) == meant)
    }

    @Test func nothingIsBetterThanAFarFetchedName() {
        #expect(NearestName.of("database", among: ["replicas", "name", ""]) == nil)
        #expect(NearestName.of("anything", among: []) == nil)
        #expect(NearestName.of("x", among: ["y"]) == nil)
    }

    @Test func theNearestWinsAndOfEqualsTheFirst() {
        #expect(NearestName.of("stat", among: ["start", "stats"]) == "start")
        #expect(NearestName.of("stats", among: ["status", "stats"]) == "stats")
    }

    @Test func swappedLettersCountOnce() {
        #expect(NearestName.of("tsop", among: ["stop"]) == "stop")
        #expect(NearestName.of("abc", among: ["cab"]) == nil)
    }

    @Test func namesOverTheLimitAreNotCompared() {
        let long = String(repeating: "a", count: NearestName.maximumLength)
        #expect(NearestName.of(long, among: [long]) == long)
        #expect(NearestName.of(long + "a", among: [long]) == nil)
    }

    @Test func theSuggestionIsTheEndOfASentence() {
        #expect(NearestName.suggestion(for: "colocat", among: ["colocate"]) == "; did you mean \"colocate\"?")
        #expect(NearestName.suggestion(for: "zzzz", among: ["colocate"]) == "")
    }
}
