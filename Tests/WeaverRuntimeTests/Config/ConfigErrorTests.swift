import Testing
import WeaverCore

@testable import WeaverRuntime

/// Every mistake in a config is one message with its line and what would be right.
@Suite struct ConfigErrorTests {
    struct Bad: Sendable, CustomTestStringConvertible {
        let text: String
        let message: String
        var testDescription: String { message }

        init(_ text: String, _ message: String) {
            self.text = text
            self.message = message
        }
    }

    static let whileLoading = [
        Bad("[weaver]\nname = \"a\nreplicas = 2", "weaver.toml:2: "),
        Bad("[weaver]\nname = 1\n\nname = 2", "weaver.toml:4: "),
        Bad(
            "binary = \"x\"",
            "weaver.toml:1: the key \"binary\" stands outside of any section; put it below the line [weaver]"),
        Bad("database = \"x\"", "weaver.toml:1: the key \"database\" stands outside of any section"),
        Bad("\nweaver = 3", "weaver.toml:2: weaver is an integer, where a section is expected"),
        Bad("[weaver]\nreplica = 3", "weaver.toml:2: unknown key \"replica\" in [weaver]; did you mean \"replicas\"?"),
        Bad(
            "[weaver]\nxyzzy = 3",
            "weaver.toml:2: unknown key \"xyzzy\" in [weaver]; known: args, binary, colocate, deadline, env, group, load_interval, name, replicas"
        ),
        Bad("[weaver]\nname = 3", "weaver.toml:2: weaver.name is an integer, where a string is expected"),
        Bad("[weaver]\nname = \"\"", "weaver.toml:2: weaver.name has to have 1 to 64 bytes without spaces and slashes"),
        Bad(
            "[weaver]\nname = \"a/b\"",
            "weaver.toml:2: weaver.name has to have 1 to 64 bytes without spaces and slashes"),
        Bad(
            "[weaver]\nname = \"\(String(repeating: "a", count: 65))\"",
            "weaver.toml:2: weaver.name has to have 1 to 64 bytes without spaces and slashes"),
        Bad("[weaver]\nbinary = \"\"", "weaver.toml:2: weaver.binary is empty"),
        Bad("[weaver]\nargs = \"-v\"", "weaver.toml:2: weaver.args is a string, where an array is expected"),
        Bad(
            "[weaver]\nargs = [\n  \"-v\",\n  1.5,\n]",
            "weaver.toml:4: weaver.args[1] is a number, where a string is expected"),
        Bad(
            "[weaver]\nenv = [\"A=b\", \"LOG\"]", "weaver.toml:2: weaver.env[1] = \"LOG\" is not written as NAME=value"),
        Bad("[weaver]\nenv = [\"=b\"]", "weaver.toml:2: weaver.env[0] = \"=b\" is not written as NAME=value"),
        Bad(
            "[weaver]\ncolocate = [\"main\"]",
            "weaver.toml:2: weaver.colocate[0] is a string, where an array is expected"),
        Bad("[weaver]\ncolocate = [[]]", "weaver.toml:2: weaver.colocate[0] is a group without components"),
        Bad("[weaver]\nreplicas = \"2\"", "weaver.toml:2: weaver.replicas is a string, where an integer is expected"),
        Bad("[weaver]\nreplicas = 0", "weaver.toml:2: weaver.replicas is 0, where 1 to 256 is allowed"),
        Bad("[weaver]\nreplicas = 257", "weaver.toml:2: weaver.replicas is 257, where 1 to 256 is allowed"),
        Bad(
            "[weaver]\ndeadline = 30",
            "weaver.toml:2: weaver.deadline is an integer, where a duration such as \"30s\" or \"500ms\" is expected"),
        Bad(
            "[weaver]\ndeadline = \"30\"",
            "weaver.toml:2: weaver.deadline = \"30\" is no duration: write it like \"30s\", \"500ms\" or \"1m30s\""),
        Bad("[weaver]\ndeadline = \"0s\"", "weaver.toml:2: weaver.deadline is 0s, where 1ms to 24h is allowed"),
        Bad(
            "[weaver]\nload_interval = \"99ms\"",
            "weaver.toml:2: weaver.load_interval is 99ms, where 100ms to 1h is allowed"),
        Bad(
            "[weaver]\nload_interval = \"61m\"",
            "weaver.toml:2: weaver.load_interval is 61m, where 100ms to 1h is allowed"),
        Bad("[weaver]\ndeadline = \"25h\"", "weaver.toml:2: weaver.deadline is 25h, where 1ms to 24h is allowed"),
        Bad(
            "[weaver.group]\nreplicas = 2",
            "weaver.toml:2: weaver.group.replicas is an integer, where a section is expected"),
        Bad(
            "[weaver.group.Cats]\nreplica = 2",
            "weaver.toml:2: unknown key \"replica\" in [weaver.group.Cats]; did you mean \"replicas\"?"),
        Bad(
            "[weaver.group.Cats]\nreplicas = 1000",
            "weaver.toml:2: weaver.group.Cats.replicas is 1000, where 1 to 256 is allowed"),
        Bad("[multi]\nlistener = 3", "weaver.toml:2: unknown key \"listener\" in [multi]; did you mean \"listeners\"?"),
        Bad(
            "[multi.proxy]\nidle_timout = \"1s\"",
            "weaver.toml:2: unknown key \"idle_timout\" in [multi.proxy]; did you mean \"idle_timeout\"?"),
        Bad(
            "[multi.proxy]\nidle_timeout = 1",
            "weaver.toml:2: multi.proxy.idle_timeout is an integer, where a duration such as \"30s\" or \"500ms\" is expected"
        ),
        Bad(
            "[multi.proxy]\nmax_body = \"10MB\"",
            "weaver.toml:2: multi.proxy.max_body = \"10MB\" is no size: write it in bytes, or like \"64KiB\" or \"10MiB\""
        ),
        Bad("[multi.proxy]\nmax_fields = 0", "weaver.toml:2: multi.proxy.max_fields is 0, where 1 to 10000 is allowed"),
        Bad(
            "[multi.proxy]\naccess_log = \"comined\"",
            "weaver.toml:2: multi.proxy.access_log = \"comined\" is no format of an access log; did you mean \"combined\"?"
        ),
        Bad(
            "[multi.proxy]\nproxy_protocol = \"v2\"",
            "weaver.toml:2: multi.proxy.proxy_protocol is a string, where true or false is expected"),
        Bad("[multi.proxy]\naccess_log_file = \"\"", "weaver.toml:2: multi.proxy.access_log_file is empty"),
        Bad(
            "[multi.proxy]\ntrusted_proxies = \"::1\"",
            "weaver.toml:2: multi.proxy.trusted_proxies is a string, where an array is expected"),
        Bad(
            "[multi.proxy]\ntrusted_proxies = [\"::1\",\n\"10.0.0.0/33\"]",
            "weaver.toml:2: multi.proxy.trusted_proxies[1] = \"10.0.0.0/33\" is no address or block: write it like \"127.0.0.1\", \"10.0.0.0/8\", \"::1/128\" or \"unix\""
        ),
        Bad(
            "[multi.listeners.lemon]\nmax_bdy = 1",
            "weaver.toml:2: unknown key \"max_bdy\" in [multi.listeners.lemon]; did you mean \"max_body\"?"),
        Bad(
            "[single.proxy]",
            "weaver.toml:1: unknown key \"proxy\" in [single]; known: listeners, loops, metrics, traces, traces_per_second"
        ),
        Bad("[single]\nloops = 0", "weaver.toml:2: single.loops is 0, where 1 to 64 is allowed"),
        Bad("[single]\nloops = 65", "weaver.toml:2: single.loops is 65, where 1 to 64 is allowed"),
        Bad(
            "[multi]\nloops = 2",
            "weaver.toml:2: unknown key \"loops\" in [multi]; known: listeners, metrics, proxy, traces, traces_per_second"
        ),
        Bad(
            "[multi]\nmetrics = \"9464\"",
            "weaver.toml:2: multi.metrics = \"9464\" is no address: write it as host:port, like \"127.0.0.1:12345\""),
        Bad("[single]\ntraces = \"\"", "weaver.toml:2: single.traces is empty"),
        Bad(
            "[multi]\ntraces_per_second = 10001",
            "weaver.toml:2: multi.traces_per_second is 10001, where 0 to 10000 is allowed"),
        Bad(
            "[single.listeners.lemon]\nmax_body = 1",
            "weaver.toml:2: unknown key \"max_body\" in [single.listeners.lemon]; known: address"),
        Bad(
            "[single.listeners]\nlemon = \"127.0.0.1:80\"",
            "weaver.toml:2: single.listeners.lemon is a string, where a table is expected"),
        Bad(
            "[single.listeners.lemon]\nadress = \"x\"",
            "weaver.toml:2: unknown key \"adress\" in [single.listeners.lemon]; did you mean \"address\"?"),
        Bad(
            "[multi.listeners.lemon]\naddress = \"lemon.org:80\"",
            "weaver.toml:2: multi.listeners.lemon.address = \"lemon.org:80\" is no address: write it as host:port, like \"127.0.0.1:12345\""
        ),
        Bad(
            "[multi.listeners.lemon]\naddress = \"127.0.0.1:65536\"",
            "weaver.toml:2: multi.listeners.lemon.address = \"127.0.0.1:65536\" is no address: write it as host:port, like \"127.0.0.1:12345\""
        ),
        Bad(
            "[multi.listeners.lemon]\naddress = \"unix:/x\"",
            "weaver.toml:2: multi.listeners.lemon.address = \"unix:/x\" is no address: write it as host:port, like \"127.0.0.1:12345\""
        ),
        Bad(
            "[multi.listeners.b]\naddress = \"127.0.0.1:80\"\n[multi.listeners.a]\naddress = \"0.0.0.0:80\"",
            "weaver.toml:4: the listeners \"b\" and \"a\" have the same address, 0.0.0.0:80"),
    ]

    @Test(arguments: whileLoading)
    func `a mistake is found while loading`(bad: Bad) {
        let error = #expect(throws: ConfigError.self) {
            try AppConfig(text: bad.text, file: "weaver.toml", directory: "/app")
        }
        // What TOMLKit says of a syntax error is its own; the place is ours to get right.
        if bad.message.hasSuffix(": ") {
            #expect(error?.description.hasPrefix(bad.message) == true)
        } else {
            #expect(error?.description == bad.message)
        }
    }

    static let shop = AppDescriptor(
        version: "1",
        components: [
            .init(name: "main", refs: ["Shop.Products"], listeners: ["shop", "admin"]),
            .init(
                name: "Shop.Products",
                configKeys: ["database", "size"],
                hasConfig: true),
            .init(name: "Shop.Cart"),
            .init(name: "Shop.Clock", hasConfig: true, configIsOpen: true),
            .init(name: "Bank.Clock"),
        ])

    static let whileChecking = [
        Bad(
            "[weaver]\ncolocate = [[\"main\"], [\"Prodcts\"]]",
            "weaver.toml:2: unknown component \"Prodcts\"; did you mean \"Products\"?"),
        Bad(
            "[weaver]\ncolocate = [[\"main\",\n\"Shop.Crat\"]]",
            "weaver.toml:3: unknown component \"Shop.Crat\"; did you mean \"Shop.Cart\"?"),
        Bad(
            "[weaver]\ncolocate = [[\"Elsewhere\"]]",
            "weaver.toml:2: unknown component \"Elsewhere\"; the binary has Bank.Clock, Shop.Cart, Shop.Clock, Shop.Products, main"
        ),
        Bad(
            "[weaver]\ncolocate = [[\"Clock\"]]",
            "weaver.toml:2: \"Clock\" may be Bank.Clock or Shop.Clock: write it in full"),
        Bad(
            "[weaver]\ncolocate = [[\"main\", \"Cart\"],\n[\"Shop.Cart\"]]",
            "weaver.toml:3: the component \"Shop.Cart\" is in two groups of colocate"),
        Bad(
            "[weaver]\ncolocate = [[\"main\", \"Cart\", \"Shop.Cart\"]]",
            "weaver.toml:2: the component \"Shop.Cart\" is named twice in one group of colocate"),
        Bad("[weaver.group.Crat]\nreplicas = 2", "weaver.toml:1: unknown component \"Crat\"; did you mean \"Cart\"?"),
        Bad(
            "[weaver]\ncolocate = [[\"main\", \"Cart\"]]\n[weaver.group.main]\nreplicas = 2\n[weaver.group.Cart]\nreplicas = 3",
            "weaver.toml:5: \"Shop.Cart\" and \"main\" are one group, which has two sections"),
        Bad(
            "[weaver.group.Cart]\nreplicas = 2\n[weaver.group.Shop.Cart]\nreplicas = 3",
            "weaver.toml:3: the group of \"Shop.Cart\" has two sections"),
        Bad("[weaver.group.Crat]", "weaver.toml:1: unknown component \"Crat\"; did you mean \"Cart\"?"),
        Bad("[weaver.group.Shop.Crat]", "weaver.toml:1: unknown component \"Shop.Crat\"; did you mean \"Shop.Cart\"?"),
        Bad("[multi.listeners.shpo]", "weaver.toml:1: unknown listener \"shpo\"; did you mean \"shop\"?"),
        Bad(
            "[multi.listeners.shpo]\naddress = \":80\"",
            "weaver.toml:1: unknown listener \"shpo\"; did you mean \"shop\"?"),
        Bad(
            "[single.listeners.elsewhere]\naddress = \":80\"",
            "weaver.toml:1: unknown listener \"elsewhere\"; the binary has admin, shop"),
        Bad("[Prodcts]\ndatabase = \"x\"", "weaver.toml:1: unknown section [Prodcts]; did you mean \"Products\"?"),
        Bad("[waever]\nreplicas = 2", "weaver.toml:1: unknown section [waever]; did you mean \"weaver\"?"),
        Bad(
            "[Shop]\n[Shop.Prodcts]\ndatabase = \"x\"",
            "weaver.toml:2: unknown section [Shop.Prodcts]; did you mean \"Shop.Products\"?"),
        Bad("[Clock]\na = 1", "weaver.toml:1: \"Clock\" may be Bank.Clock or Shop.Clock: write it in full"),
        Bad(
            "[Products]\n[Shop.Products]\n",
            "weaver.toml:2: the component \"Shop.Products\" has two sections, the other in line 1"),
        Bad("[Cart]\na = 1", "weaver.toml:1: the component \"Shop.Cart\" takes no config: it has no @Config property"),
        Bad(
            "[Products]\n# where\n\ndatabas = \"x\"",
            "weaver.toml:4: unknown key \"databas\" in [Shop.Products]; did you mean \"database\"?"),
        Bad("[Products]\nzzz = 1", "weaver.toml:2: unknown key \"zzz\" in [Shop.Products]; known: database, size"),
    ]

    @Test(arguments: whileChecking)
    func `a mistake is found against the binary`(bad: Bad) throws {
        let config = try AppConfig(text: bad.text, file: "weaver.toml", directory: "/app")
        let error = #expect(throws: ConfigError.self) { try config.check(against: Self.shop) }
        #expect(error?.description == bad.message)
    }

    @Test func `a binary with problems of its own is refused in its own words`() throws {
        let config = try AppConfig(text: "[weaver]\nbinary = \"x\"", file: "weaver.toml", directory: "/app")
        var descriptor = Self.shop
        descriptor.problems = ["a cycle", "a ref to nothing"]
        #expect(
            throws: ConfigError(
                file: "weaver.toml", line: 2, message: "the binary cannot run: a cycle; a ref to nothing")
        ) {
            try config.check(against: descriptor)
        }
        descriptor.problems = []
        descriptor.components.removeFirst()
        let error = #expect(throws: ConfigError.self) { try config.check(against: descriptor) }
        #expect(
            error?.description
                == "weaver.toml:2: the binary has no component \"main\": no type has @Implements(Main.self)")
    }
}
