import Testing
import WeaverCore
import WeaverLoop

@testable import WeaverRuntime

@Suite struct AppConfigTests {
    private static let complete = """
        [weaver]
        name = "lemon"                      # default: the binary's name
        binary = "../../.build/release/Lemon"
        args = ["-v", "two words"]
        env = ["LOG_LEVEL=info", "A=1", "LOG_LEVEL=a=b"]
        colocate = [["main", "Categories"]] # each inner list is a group
        replicas = 4
        deadline = "1m30s"
        load_interval = "200ms"

        [weaver.group.Categories]
        replicas = 3
        [weaver.group.Lemon.Cache]
        replicas = 5

        [multi.listeners.lemon]
        address = "127.0.0.1:12345"
        [single.listeners.lemon]
        address = "localhost:12346"

        [Products]
        database = "lemon.db"
        [Lemon.Cache]
        size = 7
        [multi]
        traces = "traces.jsonl"
        traces_per_second = 10000
        [single]
        loops = 64
        metrics = "127.0.0.1:9464"
        """

    private static let lemon = AppDescriptor(
        version: "1",
        components: [
            .init(name: "main", refs: ["Lemon.Categories"], listeners: ["lemon"]),
            .init(name: "Lemon.Categories", refs: ["Lemon.Cache"]),
            .init(name: "Lemon.Cache", hasConfig: true, configIsOpen: true, isRouted: true),
            .init(name: "Lemon.Products", configKeys: ["database"], hasConfig: true),
        ])

    private func config(_ text: String, file: String = "weaver.toml") throws -> AppConfig {
        try AppConfig(text: text, file: file, directory: "/app/Lemon")
    }

    @Test func `every key of the complete config is read`() throws {
        let config = try config(Self.complete)
        #expect(config.name == "lemon")
        #expect(config.binary == "/app/Lemon/../../.build/release/Lemon")
        #expect(config.arguments == ["-v", "two words"])
        #expect(config.environment == ["A=1", "LOG_LEVEL=a=b"])
        #expect(config.deadline == .seconds(90))
        #expect(config.loadInterval == .milliseconds(200))
        #expect(config.replicas == 4)
        #expect(config.multiListeners == ["lemon": .ip("127.0.0.1", port: 12345)])
        #expect(config.singleListeners == ["lemon": .ip("127.0.0.1", port: 12346)])
        #expect(config.multiTelemetry.traces == "traces.jsonl" && config.multiTelemetry.tracesPerSecond == 10_000)
        #expect(config.singleLoops == 64)
        #expect(try self.config("[weaver]").singleLoops == 1)
        #expect(config.singleTelemetry.metrics == .ip("127.0.0.1", port: 9464))
    }

    @Test func `the check makes the plan and puts sections under full names`() throws {
        let checked = try config(Self.complete).check(against: Self.lemon)
        #expect(checked.plan.application == "lemon")
        #expect(
            checked.plan.groups.map(\.components) == [
                ["main", "Lemon.Categories"], ["Lemon.Cache"], ["Lemon.Products"],
            ])
        #expect(checked.plan.groups.map(\.replicas) == [3, 5, 4])
        #expect(checked.plan.listeners == ["lemon": .ip("127.0.0.1", port: 12345)])
        #expect(
            checked.sections == [
                "Lemon.Products": "\"database\" = \"lemon.db\"\n", "Lemon.Cache": "\"size\" = 7\n",
            ])
    }

    @Test func `what a component says of its section gets the line`() throws {
        let checked = try config(Self.complete).check(against: Self.lemon)
        #expect(
            checked.error(inSectionOf: "Lemon.Products", key: "database", "is read-only").description
                == "weaver.toml:22: [Lemon.Products]: is read-only")
        #expect(checked.error(inSectionOf: "Lemon.Cache", "is small").line == 23)
        #expect(checked.error(inSectionOf: "Lemon.Categories", "is missing").line == nil)
    }

    @Test func `an empty config has the defaults and the name of its file`() throws {
        let config = try config("", file: "some/where/shop.toml")
        #expect(config.name == "shop")
        #expect(config.binary == nil)
        #expect(config.replicas == 2)
        #expect(config.deadline == .seconds(30))
        #expect(config.loadInterval == .seconds(5))
        let error = #expect(throws: ConfigError.self) { try config.executable() }
        #expect(
            error?.description
                == "some/where/shop.toml: no binary is named: add binary = \"path\" below the line [weaver]")
    }

    @Test func `the name is the binary's when there is none`() throws {
        #expect(try config("[weaver]\nbinary = \"bin/Lemon\"").name == "Lemon")
        #expect(try config("[weaver]\nbinary = \"/bin/Lemon\"").binary == "/bin/Lemon")
    }

    @Test func `a section keeps its values of every type`() throws {
        let text = """
            [Cache]
            text = "a\\"b\\\\c\\n\\u0001é😀"
            whole = -3
            part = 1.5
            big = 1e300
            endless = -inf
            yes = true
            day = 2026-11-23
            moment = 2026-11-23T13:32:19.5Z
            list = [1, [2, 3], {a = "b"}]
            "odd key.\\"" = 1
            [Cache.inner.most]
            deep = 1
            """
        let section = try #require(try config(text).check(against: Self.lemon).sections["Lemon.Cache"])
        let before = try #require(try ConfigValue.parse(text, file: "")["Cache"])
        #expect(.table(try ConfigValue.parse(section, file: "")) == before)
    }

    @Test func `the table of a module may be the section of a component of the same name`() throws {
        let descriptor = AppDescriptor(
            version: "1",
            components: [
                .init(name: "main"), .init(name: "Shop.Shop", hasConfig: true, configIsOpen: true),
                .init(name: "Shop.Cart", hasConfig: true, configIsOpen: true),
            ])
        let checked = try config("[Shop]\nopen = true\n[Shop.Cart]\nsize = 1\n[Shop.other]\na = 1")
            .check(against: descriptor)
        #expect(checked.sections["Shop.Cart"] == "\"size\" = 1\n")
        #expect(checked.sections["Shop.Shop"] == "\"open\" = true\n\"other\" = {\"a\" = 1}\n")
    }

    @Test(arguments: [
        (
            "[weaver]\nbinary = \"/nowhere/at/all\"",
            "weaver.toml:2: the binary /nowhere/at/all does not exist; build it first"
        ),
        ("[weaver]\nbinary = \"/etc\"", "weaver.toml:2: the binary /etc is no program that can be executed"),
        (
            "[weaver]\nbinary = \"/etc/passwd\"",
            "weaver.toml:2: the binary /etc/passwd is no program that can be executed"
        ),
    ])
    func `a binary that cannot be started is an error before anything starts`(text: String, message: String) throws {
        let config = try config(text)
        #expect(#expect(throws: ConfigError.self) { try config.executable() }?.description == message)
    }

    @Test func `a binary that can be executed is found`() throws {
        #expect(try config("[weaver]\nbinary = \"/bin/sh\"").executable() == "/bin/sh")
    }

    @Test func `listeners change what the section of all proxies sets, wherever that stands`() throws {
        let config = try config(
            """
            [multi.listeners.admin]
            max_body = "1KiB"
            access_log = "off"
            trusted_proxies = ["10.0.0.1"]
            [multi.proxy]
            max_body = 1048576
            idle_timeout = "5s"
            access_log = "json"
            access_log_file = "access.log"
            trusted_proxies = ["::1", "127.0.0.0/8"]
            proxy_protocol = true
            [multi.listeners.lemon]
            address = "127.0.0.1:0"
            """)
        #expect(config.proxy.configuration.server.limits.bodyBytes == 1 << 20)
        #expect(config.proxy.accessLog == .json && config.proxy.accessLogFile == "access.log")
        #expect(config.proxy.configuration.trustedProxies.contains("127.1.2.3"))
        #expect(config.listenerProxies["lemon"] == config.proxy)
        let admin = try #require(config.listenerProxies["admin"])
        #expect(admin.configuration.server.limits.bodyBytes == 1024)
        #expect(admin.configuration.server.idleTimeout == .seconds(5))
        #expect(config.proxy.configuration.acceptsProxyProtocol)
        #expect(admin.accessLog == nil)
        #expect(admin.configuration.trustedProxies.contains("10.0.0.1"))
        #expect(!admin.configuration.trustedProxies.contains("::1"))
        #expect(try self.config("").proxy == ProxyOptions())
    }

    @Test func `listeners on port 0 and on different hosts do not collide`() throws {
        let text = """
            [multi.listeners]
            a = {address = "127.0.0.1:0"}
            b = {address = "127.0.0.1:0"}
            c = {address = "127.0.0.1:80"}
            d = {address = "127.0.0.2:80"}
            [single.listeners]
            a = {address = "127.0.0.1:80"}
            """
        #expect(try config(text).multiListeners.count == 4)
    }
}

@Suite struct ConfigFileTests {
    @Test func `a config is found next to its binary by a path relative to the file`() throws {
        try withTemporaryFolder { folder in
            try put(Array("[weaver]\nbinary = \"bin\"".utf8), at: folder + "/w.toml")
            let config = try AppConfig.load(folder + "/w.toml")
            #expect(config.directory == folder)
            #expect(config.binary == folder + "/bin")
        }
    }

    @Test func `a config that cannot be read is one error`() throws {
        try withTemporaryFolder { folder in
            func message(_ bytes: [UInt8]?) throws -> String? {
                let path = folder + "/w.toml"
                if let bytes { try put(bytes, at: path) }
                let error = #expect(throws: ConfigError.self) { try AppConfig.load(path) }
                return error.map { "\($0)".replacing(folder, with: "") }
            }
            #expect(try message(nil) == "/w.toml: the config cannot be read: there is no such file")
            #expect(try message([0x5B, 0xFF]) == "/w.toml: the config is not UTF-8 text")
            #expect(try message(Array("a = 1\n\0".utf8)) == "/w.toml:2: a NUL character is not allowed")
            let limit = AppConfig.maximumSize
            #expect(
                try message(Array(repeating: UInt8(ascii: "\n"), count: limit + 1))
                    == "/w.toml: the config cannot be read: it is larger than \(limit) bytes")
            let error = #expect(throws: ConfigError.self) { try AppConfig.load(folder) }
            #expect(error?.message == "the config cannot be read: it is no plain file")
            try put(Array(repeating: UInt8(ascii: "\n"), count: limit), at: folder + "/w")
            #expect(throws: Never.self) { try AppConfig.load(folder + "/w") }
        }
    }
}
