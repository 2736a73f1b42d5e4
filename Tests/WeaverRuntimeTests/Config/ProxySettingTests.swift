import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite struct ProxySettingTests {
    private func set(_ key: String, _ text: String) throws -> ReverseProxyConfiguration {
        var configuration = ReverseProxyConfiguration()
        try #require(ProxySetting.named(key)).set(text, as: key, in: &configuration)
        return configuration
    }

    private func refusal(_ key: String, _ text: String) -> String? {
        #expect(throws: ProxySettingError.self) { try self.set(key, text) }?.description
    }

    @Test func everySettingReadsWhatItWrites() throws {
        for setting in ProxySetting.all {
            let text = setting.text(in: ReverseProxyConfiguration())
            #expect(try set(setting.key, text) == ReverseProxyConfiguration(), "\(setting.key)")
        }
    }

    @Test func everySettingChangesAValueOfItsOwn() throws {
        let values = [
            "max_request_line": "1KiB", "max_head": "2KiB", "max_fields": "7", "max_body": "5MiB",
            "max_connections": "9", "max_backend_requests": "11", "max_waiting": "12", "header_timeout": "1s",
            "idle_timeout": "2s", "connect_timeout": "3s",
            "response_timeout": "4s", "wait_timeout": "5s", "backend_idle_timeout": "6s", "failure_backoff": "7s",
            "tunnel_idle_timeout": "0s", "tunnel_drain_timeout": "8s", "half_closed_timeout": "9s",
            "linger_timeout": "10ms", "max_splices": "13",
        ]
        for setting in ProxySetting.all {
            let text = try #require(values[setting.key], "\(setting.key)")
            let changed = try set(setting.key, text)
            for other in ProxySetting.all {
                let expected = other.key == setting.key ? text : other.text(in: ReverseProxyConfiguration())
                #expect(other.text(in: changed) == expected, "\(setting.key) and \(other.key)")
            }
        }
    }

    @Test func rangesEndWhereTheySay() throws {
        #expect(try set("max_fields", "1").server.limits.fieldCount == 1)
        #expect(try set("max_fields", "10000").server.limits.fieldCount == 10_000)
        #expect(refusal("max_fields", "0") == "max_fields is 0, where 1 to 10000 is allowed")
        #expect(refusal("max_fields", "10001") == "max_fields is 10001, where 1 to 10000 is allowed")
        #expect(try set("idle_timeout", "24h").server.idleTimeout == .seconds(86400))
        #expect(refusal("idle_timeout", "24h1ns") == "idle_timeout is 24h1ns, where 1ms to 24h is allowed")
        #expect(refusal("max_head", "255") == "max_head is 255, where 256 to 16MiB is allowed")
        #expect(try set("max_head", "256").server.limits.headBytes == 256)
    }

    @Test func whatIsNotReadableIsSaidWithTheRightForm() {
        #expect(
            refusal("connect_timeout", "2")
                == "connect_timeout = \"2\" is no duration: write it like \"2s\", \"500ms\" or \"1m30s\"")
        #expect(
            refusal("max_body", "10MB")
                == "max_body = \"10MB\" is no size: write it in bytes, or like \"64KiB\" or \"10MiB\"")
        #expect(refusal("max_fields", "many") == "max_fields = \"many\" is no number: write it like 256")
    }
}
