import Testing

@testable import WeaverLoop

@Suite struct LoopStateTests {
    @Test func whatIsChangedThroughAConstantIsChanged() {
        let state = LoopState([1])
        state.value.append(2)
        #expect(state.value == [1, 2])
    }

    @Test func theValueEndsWithItsPlace() {
        final class Kept {}
        weak var kept: Kept?
        do {
            let state = LoopState(Kept())
            kept = state.value
            #expect(kept != nil)
        }
        #expect(kept == nil)
    }

    #if DEBUG
        @Test func twoChangesAtATimeTrapInDebugBuilds() async {
            await #expect(processExitsWith: .failure) {
                let state = LoopState(1)
                func change(_ value: inout Int) { state.value = 2 }
                change(&state.value)
            }
        }

        @Test func readingWhatIsBeingChangedTrapsInDebugBuilds() async {
            await #expect(processExitsWith: .failure) {
                let state = LoopState(1)
                func change(_ value: inout Int) { value = state.value }
                change(&state.value)
            }
        }
    #endif
}
