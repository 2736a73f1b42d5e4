import ArgumentParser
import Testing
import WeaverCore
import WeaverLoop
import WeaverRuntime

@testable import WeaverCLI

@Suite struct ProxyCommandTests {
    private func configuration(_ arguments: [String]) throws -> ReverseProxyConfiguration {
        let places = ["--listen", "127.0.0.1:0", "--backend", "127.0.0.1:1"]
        return try ProxyCommand.parse(places + arguments).makeOptions().configuration
    }

    private func refusal(_ arguments: [String]) async -> String {
        do {
            _ = try ProxyCommand.parse(arguments)
            return "parsed"
        } catch {
            return ProxyCommand.message(for: error)
        }
    }

    @Test func withoutFlagsItsDefaultsAreTheBabysitters() throws {
        #expect(try configuration([]) == ReverseProxyConfiguration())
    }

    @Test func everySettingHasAFlagThatSetsIt() throws {
        for setting in ProxySetting.all {
            // Neither a default nor past the end of any range.
            let text = ["1023", "1023ms"].first { text in
                var configuration = ReverseProxyConfiguration()
                return (try? setting.set(text, as: "", in: &configuration)) != nil
            }
            let value = try #require(text)
            var expected = ReverseProxyConfiguration()
            try setting.set(value, as: "", in: &expected)
            #expect(try configuration(["--\(setting.flag)", value]) == expected, "\(setting.flag)")
            #expect(expected != ReverseProxyConfiguration(), "\(setting.flag)")
        }
    }

    @Test func trustedProxiesAddUp() throws {
        let trusted = try configuration(["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1"]).trustedProxies
        #expect(trusted.contains("10.1.2.3") && trusted.contains("::1") && !trusted.contains("11.0.0.1"))
    }

    @Test func theProxyProtocolIsForTrustedProxies() throws {
        #expect(try configuration(["--proxy-protocol", "--trusted-proxy", "::1"]).acceptsProxyProtocol)
        #expect(throws: (any Error).self) { try self.configuration(["--proxy-protocol"]) }
    }

    @Test(arguments: [
        ([], "--listen is missing: where to listen, such as --listen 127.0.0.1:8080"),
        (["--listen", "127.0.0.1:0"], "--backend is missing: where requests go, such as --backend 127.0.0.1:8080"),
        (["--listen", "8080"], "--listen 8080 is no address; did you mean 127.0.0.1:8080?"),
        (["--listen", "127.0.0.1:99999"], "--listen 127.0.0.1:99999 is no address: a port is at most 65535"),
        (["--listen", "::1"], "--listen ::1 is no address; did you mean [::1]:80?"),
        (["--listen", "10.0.0.1"], "--listen 10.0.0.1 is no address; did you mean 10.0.0.1:80?"),
        (
            ["--listen", "http://127.0.0.1:80/"],
            "--listen http://127.0.0.1:80/ is no address: write it without a scheme and path, like 127.0.0.1:8080"
        ),
        (
            ["--listen", ":0", "--backend", "example.org:80"],
            """
            --backend example.org:80 is no address: write it like 127.0.0.1:8080, [::1]:8080 or unix:/run/x.sock \
            (names are not resolved)
            """
        ),
        (
            ["--listen", ":0", "--backend", ":1", "--max-body", "x"],
            "--max-body = \"x\" is no size: write it in bytes, or like \"64KiB\" or \"10MiB\""
        ),
        (
            ["--listen", ":0", "--backend", ":1", "--trusted-proxy", "10.0.0.0/33"],
            """
            --trusted-proxy = "10.0.0.0/33" is no address or block: write it like "127.0.0.1", "10.0.0.0/8", \
            "::1/128" or "unix"
            """
        ),
        (
            ["--listen", ":0", "--backend", ":1", "--drain-timeout", "5"],
            "--drain-timeout = \"5\" is no duration: write it like \"10s\", \"500ms\" or \"1m30s\""
        ),
        (
            ["--listen", ":0", "--backend", ":1", "--access-log", "jsn"],
            "--access-log = \"jsn\" is no format of an access log; did you mean \"json\"?"
        ),
    ])
    func aMistakeIsNamedWithTheNearestRightForm(arguments: [String], message: String) async {
        #expect(await refusal(arguments) == message)
    }

    @Test func fewConnectionsAreToldOfAndEnoughAreNot() {
        #expect(ProxyCommand.fewConnections == 1024)
        #expect(ProxyCommand.warning(ofConnections: 1024) == nil)
        #expect(ProxyCommand.warning(ofConnections: 1023)?.contains("1023 connections at a time") == true)
    }
}
