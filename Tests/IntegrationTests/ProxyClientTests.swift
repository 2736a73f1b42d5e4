import Foundation
import Testing

extension Integration {
    /// `weaver proxy` as the world's clients see it, in front of a server that is not ours either.
    @Suite(.serialized, .enabled(if: Python.isNamed, Binaries.howToBuild)) struct ProxyClientTests {
        /// A proxy and its backend.
        private struct Rig {
            let sandbox: Sandbox
            let backend: ScriptedBackend
            let proxy: ProxyProgram

            init(_ flags: [String] = []) async throws {
                sandbox = try Sandbox()
                backend = try await ScriptedBackend(in: sandbox)
                proxy = try await ProxyProgram(backends: [backend.port], flags, in: sandbox)
            }

            func url(_ path: String) -> String { "http://127.0.0.1:\(proxy.port)\(path)" }

            /// Runs a client to its end, which has to be a good one, and gives what it printed.
            func run(_ program: String, _ arguments: [String]) async throws -> String {
                let client = try Program("/usr/bin/env", [program] + arguments, in: sandbox)
                let code = try await client.exitCode(within: .seconds(60))
                #expect(code == 0, "\(program) \(arguments)\n\(client.output)\n\(client.errors)")
                return client.output
            }

            func curl(_ arguments: String...) async throws -> String {
                try await run("curl", ["--silent", "--show-error", "--max-time", "30", "--include"] + arguments)
            }

            func upload(_ bytes: Int) throws -> String {
                let path = "\(sandbox.folder)/upload"
                try Data((0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }).write(to: URL(filePath: path))
                return path
            }
        }

        // MARK: curl

        @Test func curlGetsAHeadWithoutABody() async throws {
            let rig = try await Rig()
            let answer = try await rig.curl("--head", rig.url("/bytes/1000"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.contains("Content-Length: 1000\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))
        }

        @Test(arguments: [204, 304])
        func curlDoesNotWaitForABodyThatNoResponseHas(status: Int) async throws {
            let rig = try await Rig()
            // The second request shows that the connection stands where curl thinks it does.
            let answer = try await rig.curl(rig.url("/status/\(status)"), rig.url("/bytes/3"))
            #expect(answer.hasPrefix("HTTP/1.1 \(status) ") && answer.hasSuffix("\r\n\r\nxxx"))
        }

        @Test func curlContinuesAfter100AndIsNotAskedToWhereTheBackendRefuses() async throws {
            let rig = try await Rig()
            let file = try rig.upload(300_000)
            let expect = ["--header", "Expect: 100-continue", "--expect100-timeout", "20", "--data-binary", "@\(file)"]
            let answer = try await rig.run(
                "curl", ["-sSi", "--max-time", "15"] + expect + [rig.url("/echo"), "--output", "\(file).back"])
            #expect(answer == "")
            let back = try Data(contentsOf: URL(filePath: "\(file).back"))
            #expect(back.starts(with: Data("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n".utf8)))
            #expect(try back.suffix(300_000) == Data(contentsOf: URL(filePath: file)))
            let refusal = try await rig.run("curl", ["-sSi", "--max-time", "15"] + expect + [rig.url("/reject")])
            #expect(refusal.hasPrefix("HTTP/1.1 413 "))
        }

        @Test func curlUploadsInChunksAndGetsChunksAndTrailersBack() async throws {
            let rig = try await Rig()
            let file = try rig.upload(100_000)
            _ = try await rig.run(
                "curl",
                [
                    "-sS", "--max-time", "15", "--header", "Transfer-Encoding: chunked", "--data-binary", "@\(file)",
                    "--output", "\(file).back", rig.url("/echo"),
                ])
            #expect(try Data(contentsOf: URL(filePath: file)) == Data(contentsOf: URL(filePath: "\(file).back")))
            let answer = try await rig.curl("--raw", "--header", "Connection: close", rig.url("/chunks/3"))
            #expect(answer.contains("Transfer-Encoding: chunked\r\n") && answer.contains("Trailer: X-Sum\r\n"))
            #expect(answer.hasSuffix("0\r\nX-Sum: 3000\r\n\r\n"))
        }

        @Test func curlOfHTTP10GetsNoChunksAndAnEnd() async throws {
            let rig = try await Rig()
            let answer = try await rig.curl("--http1.0", rig.url("/chunks/2"))
            #expect(!answer.lowercased().contains("transfer-encoding"))
            #expect(answer.hasSuffix("\r\n\r\n" + String(repeating: "c", count: 2000)))
            #expect(try await rig.curl("--http1.0", rig.url("/bytes/3")).hasSuffix("\r\n\r\nxxx"))
            let head = try await rig.curl("--http1.0", rig.url("/head"))
            #expect(head.contains("GET /head HTTP/1.1\n"))
        }

        @Test func curlGetsAndPutsLargeBodiesUnchanged() async throws {
            let rig = try await Rig()
            let file = try rig.upload(20 << 20)
            _ = try await rig.run(
                "curl",
                ["-sS", "--max-time", "50", "--upload-file", file, "--output", "\(file).back", rig.url("/echo")])
            #expect(try Data(contentsOf: URL(filePath: file)) == Data(contentsOf: URL(filePath: "\(file).back")))
            let size = try await rig.run(
                "curl",
                [
                    "-sS", "--max-time", "50", "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}",
                    rig.url("/close/20000000"),
                ])
            #expect(size == "200 20000000")
        }

        @Test func forwardingFieldsAreTheProxysOwnForStrangers() async throws {
            let rig = try await Rig()
            let answer = try await rig.curl(
                "--header", "X-Forwarded-For: 6.6.6.6", "--header", "Forwarded: for=6.6.6.6",
                "--header", "Connection: X-Secret", "--header", "X-Secret: 1", rig.url("/head"))
            #expect(answer.contains("X-Forwarded-For: 127.0.0.1\n") && answer.contains("X-Forwarded-Proto: http\n"))
            #expect(!answer.contains("6.6.6.6") && !answer.contains("X-Secret"))
            let trusting = try await Rig(["--trusted-proxy", "127.0.0.1"])
            let appended = try await trusting.curl("--header", "X-Forwarded-For: 6.6.6.6", trusting.url("/head"))
            #expect(appended.contains("X-Forwarded-For: 6.6.6.6, 127.0.0.1\n"))
        }

        // MARK: Python

        @Test(arguments: ["keepalive", "pipelining", "websockets"])
        func pythonClientsAreContent(script: String) async throws {
            let rig = try await Rig()
            let output = try await rig.run(
                Python.interpreter,
                ["\(Python.fixtures)/proxy_clients.py", script, "\(rig.proxy.port)", Binaries.weaver])
            #expect(output == "\(script): done\n")
        }

        // MARK: load generators

        @Test func wrkSeesNoError() async throws {
            let rig = try await Rig()
            let output = try await rig.run(
                "wrk", ["--threads", "1", "--connections", "16", "--duration", "2s", rig.url("/bytes/100")])
            #expect(output.contains("requests in") && !output.contains("Non-2xx"), "\(output)")
            #expect(!output.contains("Socket errors"), "\(output)")
        }

        @Test func h2loadInHTTP11ModeGetsEveryResponse() async throws {
            let rig = try await Rig()
            let output = try await rig.run(
                "h2load", ["--h1", "--requests", "3000", "--clients", "16", rig.url("/bytes/100")])
            #expect(
                output.contains(
                    "requests: 3000 total, 3000 started, 3000 done, 3000 succeeded, 0 failed, 0 errored, 0 timeout"),
                "\(output)")
            #expect(output.contains("status codes: 3000 2xx, 0 3xx, 0 4xx, 0 5xx"), "\(output)")
        }
    }
}
