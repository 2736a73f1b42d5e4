import TestSupport
import Testing

@testable import WeaverCore

@Suite struct HelloTests {
    private func hello(
        secret: UInt8 = 1, version: String = "v1", name: String = "a", protocols: ClosedRange<UInt16> = 1...1
    ) throws -> Hello {
        Hello(
            secret: try #require(DeploymentSecret(bytes: [UInt8](repeating: secret, count: 32))), version: version,
            name: name, reachable: ["M.A", "M.B"], protocolVersions: protocols)
    }

    private func bytes(_ hello: Hello) throws -> [UInt8] {
        var encoder = WireEncoder()
        try hello.encode(wire: &encoder)
        return encoder.takeOutput().copyBytes()
    }

    private func check(_ mine: Hello, _ theirs: [UInt8], isServer: Bool = true) throws -> HelloPeer {
        try unsafe mine.check(theirs.span.bytes, isServer: isServer)
    }

    @Test func `a peer of the same deployment and build is accepted with what it may call`() throws {
        let peer = try check(try hello(), try bytes(try hello(name: "b")))
        #expect(peer == HelloPeer(version: "v1", name: "b", reachable: ["M.A", "M.B"], protocolVersion: 1))
    }

    @Test(arguments: 0..<32)
    func `one different bit anywhere in the secret is refused`(_ index: Int) throws {
        var theirs = try bytes(try hello())
        theirs[4 + index] ^= 0x10
        let error = #expect(throws: CallError.self) { try check(try hello(), theirs) }
        #expect(error?.code == .notPermitted)
    }

    @Test func `a secret has exactly 32 bytes and is not shown`() {
        #expect(DeploymentSecret(bytes: [UInt8](repeating: 5, count: 31)) == nil)
        #expect(DeploymentSecret(bytes: [UInt8](repeating: 5, count: 33)) == nil)
        let secret = DeploymentSecret(bytes: [UInt8](repeating: 5, count: 32))
        #expect(secret?.description.contains("5") == false)
    }

    @Test(
        arguments: [
            (1...1, 2...3, true, "upgrade the callee"), (2...3, 1...1, true, "upgrade the caller"),
            (1...1, 2...3, false, "upgrade the caller"), (2...3, 1...1, false, "upgrade the callee"),
        ] as [(ClosedRange<UInt16>, ClosedRange<UInt16>, Bool, String)])
    func `no common protocol names the older side`(
        _ mine: ClosedRange<UInt16>, _ theirs: ClosedRange<UInt16>, _ isServer: Bool, _ words: String
    ) throws {
        let theirHello = try bytes(try hello(protocols: theirs))
        let error = #expect(throws: CallError.self) {
            try check(try hello(protocols: mine), theirHello, isServer: isServer)
        }
        #expect(error?.code == .versionMismatch)
        #expect(error?.message.hasSuffix(words) == true, "\(error?.message ?? "")")
    }

    @Test func `the highest common protocol is used`() throws {
        let peer = try check(try hello(protocols: 1...5), try bytes(try hello(protocols: 3...9)))
        #expect(peer.protocolVersion == 5)
    }

    @Test func `another build is refused with both named`() throws {
        let error = #expect(throws: CallError.self) {
            try check(try hello(version: "mine"), try bytes(try hello(version: "theirs")))
        }
        #expect(error?.code == .versionMismatch)
        #expect(error?.message.contains("mine") == true && error?.message.contains("theirs") == true)
    }

    @Test func `every truncation and every trailing byte is refused`() throws {
        let whole = try bytes(try hello())
        for count in 0..<whole.count {
            #expect(throws: CallError.self) { try check(try hello(), Array(whole[..<count])) }
        }
        #expect(throws: CallError.self) { try check(try hello(), whole + [0]) }
    }
}
