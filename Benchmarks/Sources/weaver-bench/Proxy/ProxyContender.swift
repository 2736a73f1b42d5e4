import Foundation
import Harness

/// A proxy that is measured: a program, and how it is told where to listen and what is behind it.
struct ProxyContender: Sendable {
    /// What options and JSON call it.
    let name: String
    /// What the table calls it.
    let title: String
    /// The program; a bare name is looked for where Debian puts servers and programs.
    let program: String
    /// What it says of itself: arguments that make it print a line with its version.
    let versionArguments: [String]
    /// Writes what it is configured by into the folder, and gives its arguments.
    let arguments: @Sendable (ProxyPlace) throws -> [String]

    /// The program's path; nil where it is not installed.
    var path: String? {
        let folders =
            program.hasPrefix("/") ? [""] : ["/usr/sbin/", "/usr/local/sbin/", "/usr/bin/", "/usr/local/bin/"]
        return folders.map { $0 + program }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}

/// Where a proxy listens, what is behind it, and a folder of its own.
struct ProxyPlace: Sendable {
    let folder: URL
    let port: UInt16
    let backendPort: UInt16

    /// Writes a file of that name, and gives its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = folder.appending(path: name)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }
}

extension ProxyContender {
    /// What the others are divided by.
    static let floor = "relay"

    /// The relay, this project (`weaver` is the program) and the peers, in the order of the table.
    static func all(weaver: String) -> [ProxyContender] {
        let own = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? URL(filePath: CommandLine.arguments[0])
        let relay = own.deletingLastPathComponent().appending(path: "libuv-relay").path
        return [
            ProxyContender(
                name: floor, title: "relay in C on libuv (the floor)", program: relay, versionArguments: ["about"],
                arguments: { ["\($0.port)", "\($0.backendPort)"] }),
            ProxyContender(
                name: "weaver", title: "weaver proxy", program: weaver, versionArguments: ["--version"],
                arguments: {
                    ["proxy", "--listen", "127.0.0.1:\($0.port)", "--backend", "127.0.0.1:\($0.backendPort)"]
                }),
        ] + peers
    }

    /// What is measured beside this project with --peers.
    static let peers = [
        nginx(name: "nginx", title: "nginx"),
        nginx(
            name: "nginx-64k", title: "nginx, 64 KiB buffers",
            buffers: "proxy_buffer_size 64k; proxy_buffers 16 64k; proxy_busy_buffers_size 128k;"),
        haproxy(name: "haproxy", title: "HAProxy"),
        haproxy(name: "haproxy-splice", title: "HAProxy, splice", option: "option splice-response"),
        caddy,
    ]

    private static func nginx(name: String, title: String, buffers: String = "") -> ProxyContender {
        ProxyContender(name: name, title: title, program: "nginx", versionArguments: ["-v"]) { place in
            // One process: with a master the worker would be another one than was started.
            let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
                "\($0)_temp_path \(place.folder.path)/\($0);"
            }
            let file = try place.write(
                "nginx.conf",
                """
                daemon off; master_process off; worker_processes 1;
                error_log stderr crit; pid \(place.folder.path)/nginx.pid;
                events { worker_connections 4096; }
                http {
                    access_log off; \(temporary.joined(separator: " "))
                    keepalive_requests 1000000000;
                    upstream backend {
                        server 127.0.0.1:\(place.backendPort); keepalive 256; keepalive_requests 1000000000;
                    }
                    server {
                        listen 127.0.0.1:\(place.port);
                        location / {
                            proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection "";
                            proxy_max_temp_file_size 0; \(buffers)
                        }
                    }
                }

                """)
            return ["-p", place.folder.path, "-c", file]
        }
    }

    private static func haproxy(name: String, title: String, option: String = "") -> ProxyContender {
        ProxyContender(name: name, title: title, program: "haproxy", versionArguments: ["-v"]) { place in
            let file = try place.write(
                "haproxy.cfg",
                """
                global
                    nbthread 1
                    maxconn 4096
                defaults
                    mode http
                    timeout connect 2s
                    timeout client 60s
                    timeout server 60s
                    http-reuse always
                    \(option)
                frontend clients
                    bind 127.0.0.1:\(place.port)
                    default_backend servers
                backend servers
                    server one 127.0.0.1:\(place.backendPort)

                """)
            return ["-q", "-db", "-f", file]
        }
    }

    private static let caddy = ProxyContender(
        name: "caddy", title: "Caddy", program: "caddy", versionArguments: ["version"]
    ) { place in
        let file = try place.write(
            "Caddyfile",
            """
            {
                admin off
                auto_https off
            }
            http://127.0.0.1:\(place.port) {
                reverse_proxy 127.0.0.1:\(place.backendPort) {
                    transport http {
                        keepalive_idle_conns 256
                        keepalive_idle_conns_per_host 256
                        compression off
                    }
                }
            }

            """)
        return ["run", "--adapter", "caddyfile", "--config", file]
    }
}
