import ArgumentParser
import WeaverCore
import WeaverLoop
import WeaverRuntime

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// `weaver proxy --listen <address> --backend <address> ...`
struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Runs the HTTP/1.1 reverse proxy of deployments alone, in front of fixed backends.",
        discussion: """
            The very same proxy that stands in front of "weaver multi deploy",
            with the same defaults:

              weaver proxy --listen 127.0.0.1:8080 \\
                           --backend 127.0.0.1:9001 --backend 127.0.0.1:9002

            A request goes to the backend with the least in flight, over a kept
            connection. Addresses are host:port with a literal IP address or
            localhost, [v6]:port, :port for all IPv4 interfaces, or unix:path.
            With port 0 the system chooses one. Each address that is listened on
            gets a line "listening on ADDRESS" on the standard output.

            It runs in the foreground. Ctrl-C, SIGTERM or SIGHUP: it answers what
            comes within 250 ms, listens no more, and finishes what is in flight;
            a second one does not wait. Exits with 0.

            With --access-log combined or json each request gets a line. Lines that
            cannot be written in time are dropped, and counted in the log.

            Behind a terminator for TLS or HTTP/2, name it with --trusted-proxy,
            so that its X-Forwarded-* and Forwarded are believed.
            """)

    @Option(name: .long, help: ArgumentHelp("Where to listen; more than once for several.", valueName: "address"))
    var listen: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Where requests go; more than once for several.", valueName: "address"))
    var backend: [String] = []

    @OptionGroup(title: "Limits")
    var limits: ProxyLimitOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Whose forwarding fields are believed: an address, a block such as 10.0.0.0/8, or unix. (default: nobody's)",
            valueName: "cidr"))
    var trustedProxy: [String] = []

    @Flag(help: "The trusted proxies begin connections with a header of the PROXY protocol, version 1 or 2.")
    var proxyProtocol = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A line for each request: \(ProxyOptions.accessLogNames.joined(separator: ", ")). (default: off)",
            valueName: "format"),
        completion: .list(ProxyOptions.accessLogNames))
    var accessLog: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where they go, at its end; /dev/stderr works, too. (default: the standard output)", valueName: "file"),
        completion: .file())
    var accessLogFile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long requests in flight may take at the end. (default: \(DurationText.text(EndBounds.drain)))",
            valueName: "duration"))
    var drainTimeout: String?

    /// Before ``run()``, so that a mistake is followed by how this command is used.
    func validate() throws {
        _ = try Self.addresses(listen, of: "--listen", needed: "where to listen")
        _ = try Self.addresses(backend, of: "--backend", needed: "where requests go")
        _ = try makeOptions()
        _ = try drainBound()
    }

    func run() async throws {
        ProcessLimits.raiseOpenFiles()
        let addresses = try Self.addresses(listen, of: "--listen", needed: "where to listen")
        let backends = try Self.addresses(backend, of: "--backend", needed: "where requests go")
        let options = try makeOptions()
        let logs = AccessLogFiles()
        let accessLog = try options.accessLog.map { format in
            try options.accessLogFile.map { try logs.log(format, file: $0) }
                ?? logs.log(format, descriptor: STDOUT_FILENO)
        }
        if limits.maxConnections == nil,
            let warning = Self.warning(ofConnections: options.configuration.server.maximumConnections)
        {
            Terminal.put(warning, to: STDERR_FILENO)
        }
        let loop = try EventLoop()
        let proxy = StandaloneProxy(
            loop: loop, listeners: addresses.count, configuration: options.configuration, backends: backends,
            drainTimeout: try drainBound(), accessLog: accessLog)
        for address in try await proxy.start(addresses) {
            Terminal.put("listening on \(address)\n", to: STDOUT_FILENO)
        }
        let cut = try await proxy.run()
        await logs.flush(within: MultiDeployment.logFlushBound)
        if cut > 0 { Terminal.put("weaver: connections cut: \(cut)\n", to: STDERR_FILENO) }
    }

    /// Below so many connections, for want of files that may be open, it is said at the start.
    static let fewConnections = 1024

    /// What is said then; nil where there are enough.
    static func warning(ofConnections count: Int) -> String? {
        count < fewConnections
            ? "weaver: \(count) connections at a time, for few files may be open (ulimit -n)\n" : nil
    }

    /// What the flags ask of the proxy.
    func makeOptions() throws -> ProxyOptions {
        var options = ProxyOptions()
        do throws(ProxySettingError) {
            try limits.apply(to: &options.configuration)
            for block in trustedProxy { try options.trust(block, as: "--trusted-proxy") }
            if let accessLog { try options.setAccessLog(accessLog, as: "--access-log") }
        } catch {
            throw ValidationError(error.description)
        }
        options.accessLogFile = accessLogFile
        options.configuration.acceptsProxyProtocol = proxyProtocol
        if proxyProtocol, trustedProxy.isEmpty {
            throw ValidationError("--proxy-protocol is for those named by --trusted-proxy: nobody is")
        }
        return options
    }

    private func drainBound() throws -> Duration {
        guard let drainTimeout else { return EndBounds.drain }
        guard let bound = DurationText.parse(drainTimeout) else {
            throw ValidationError(
                "--drain-timeout = \"\(drainTimeout)\" is no duration: write it like \"10s\", \"500ms\" or \"1m30s\"")
        }
        return bound
    }

    private static func addresses(_ texts: [String], of flag: String, needed: String) throws -> [SocketAddress] {
        guard !texts.isEmpty else {
            throw ValidationError("\(flag) is missing: \(needed), such as \(flag) 127.0.0.1:8080")
        }
        return try texts.map { text in
            if let address = SocketAddress(text) { return address }
            throw ValidationError("\(flag) \(text) is no address\(advice(for: text))")
        }
    }

    /// The nearest right form of a mistyped address.
    private static func advice(for text: String) -> String {
        let isIPv6 = text.utf8.count(where: { $0 == UInt8(ascii: ":") }) > 1
        for candidate in ["127.0.0.1:\(text)", text + ":80"] + (isIPv6 ? ["[\(text)]:80"] : [])
        where SocketAddress(candidate) != nil {
            return "; did you mean \(candidate)?"
        }
        if let port = text.split(separator: ":").last.flatMap({ Int($0) }), port > UInt16.max {
            return ": a port is at most \(UInt16.max)"
        }
        if text.contains("://") { return ": write it without a scheme and path, like 127.0.0.1:8080" }
        return ": write it like 127.0.0.1:8080, [::1]:8080 or unix:/run/x.sock (names are not resolved)"
    }
}
