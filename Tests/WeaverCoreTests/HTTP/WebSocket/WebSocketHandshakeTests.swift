import Testing

@testable import WeaverCore

struct WebSocketHandshakeTests {
    /// The example of RFC 6455 section 1.3.
    private let request = WebSocketHandshake.Request(
        isGet: true, isOffered: true, hasBody: false, keys: ["dGhlIHNhbXBsZSBub25jZQ=="], versions: ["13"],
        protocols: [])

    private func refusal(_ change: (inout WebSocketHandshake.Request) -> Void) -> WebSocketHandshake.Refusal? {
        var request = request
        change(&request)
        do throws(WebSocketHandshake.Refusal) {
            _ = try WebSocketHandshake(request, supported: [])
            return nil
        } catch {
            return error
        }
    }

    @Test func `the published example is answered as published`() throws {
        let handshake = try WebSocketHandshake(request, supported: ["chat"])
        #expect(handshake.accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" && handshake.subprotocol == nil)
    }

    @Test func `what is no opening handshake is refused with the answer that helps`() {
        #expect(refusal { $0.isOffered = false } == .notOffered)
        #expect(refusal { $0.isGet = false } == .unsuitableMethod)
        #expect(refusal { $0.hasBody = true } == .unexpectedBody)
        for versions in [[], ["8"], ["13", "13"], ["13, 8"], ["013"]] {
            #expect(refusal { $0.versions = versions } == .unsupportedVersion, "\(versions)")
        }
        let short = "dGhlIHNhbXBsZSBub25jZQ="
        for keys in [[], [short], [short + "==="], [request.keys[0], request.keys[0]], ["", ""], [""]] {
            #expect(refusal { $0.keys = keys } == .malformedKey, "\(keys)")
        }
        #expect(WebSocketHandshake.Refusal.notOffered.status == .upgradeRequired)
        #expect(WebSocketHandshake.Refusal.unsupportedVersion.status == .upgradeRequired)
        #expect(WebSocketHandshake.Refusal.malformedKey.status == .badRequest)
        #expect(WebSocketHandshake.Refusal.unsuitableMethod.status == .badRequest)
        #expect(WebSocketHandshake.Refusal.unexpectedBody.status == .badRequest)
    }

    @Test(
        arguments: [
            (["chat, superchat"], ["superchat", "chat"], "superchat"), (["a", "b ,\tc "], ["c"], "c"),
            (["chat"], ["Chat"], nil), (["chat"], [], nil), ([], ["chat"], nil), ([", ,"], [""], nil),
        ] as [([String], [String], String?)])
    func `the best subprotocol that is offered is spoken`(_ offered: [String], _ supported: [String], _ chosen: String?)
        throws
    {
        var request = request
        request.protocols = offered
        #expect(try WebSocketHandshake(request, supported: supported).subprotocol == chosen)
    }
}
