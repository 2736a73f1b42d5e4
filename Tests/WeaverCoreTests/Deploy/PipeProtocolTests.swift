import Testing

@testable import WeaverCore

@Suite struct PipeProtocolTests {
    @Test func `the highest common version is chosen`() throws {
        #expect(try PipeProtocol.negotiate(deployer: 1...3, weavelet: 2...5).get() == 3)
        #expect(try PipeProtocol.negotiate(deployer: 2...5, weavelet: 1...3).get() == 3)
        #expect(try PipeProtocol.negotiate(deployer: 4...4, weavelet: 4...4).get() == 4)
    }

    @Test func `without a common version the error says which side is too old`() {
        func message(_ deployer: ClosedRange<UInt32>, _ weavelet: ClosedRange<UInt32>) -> String? {
            guard case .failure(let error) = PipeProtocol.negotiate(deployer: deployer, weavelet: weavelet) else {
                return nil
            }
            return error.description
        }
        #expect(message(1...2, 3...4)?.hasSuffix("the application 3 to 4: upgrade the weaver command") == true)
        #expect(
            message(3...4, 1...2)?.hasSuffix("1 to 2: rebuild the application with a newer WeaverRuntime") == true)
    }
}
