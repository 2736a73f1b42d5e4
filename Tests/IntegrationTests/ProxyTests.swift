import Foundation
import Testing

extension Integration {
    /// `weaver proxy`, the command: its life from the first line to the last.
    @Suite(.serialized, .enabled(if: Python.isNamed, Binaries.howToBuild)) struct ProxyTests {
        @Test func itServesUntilASignalAndEndsWithZero() async throws {
            let sandbox = try Sandbox()
            let backend = try await ScriptedBackend(in: sandbox)
            let proxy = try await ProxyProgram(backends: [backend.port], in: sandbox)
            let http = try proxy.connect()
            for _ in 0..<3 { #expect(try http.request("GET", "/bytes/5").body == "xxxxx") }
            proxy.program.signal(SIGTERM)
            #expect(try await proxy.program.exitCode() == 0)
            #expect(proxy.program.errors == "")
            #expect(proxy.program.output.split(separator: "\n").count == 1, "\(proxy.program.output)")
        }

        @Test func aSignalLetsARequestInFlightFinish() async throws {
            let sandbox = try Sandbox()
            let backend = try await ScriptedBackend(in: sandbox)
            let proxy = try await ProxyProgram(backends: [backend.port], in: sandbox)
            let program = proxy.program
            let port = proxy.port
            async let answer = onThreads(1) { _ in
                let response = try HTTPConnection(port: port).request("GET", "/slow?1500")
                #expect(response.body == "slow\n" && response.headers["connection"] == "close")
            }
            // The request is under way when its backend has a second connection: the kept one came with the port's test.
            try await eventually("a request in flight") { ProcessTable.sockets(of: program.pid) >= 3 }
            program.signal(SIGINT)
            #expect(await answer.isEmpty)
            #expect(try await program.exitCode() == 0)
        }

        @Test func aSecondSignalDoesNotWait() async throws {
            let sandbox = try Sandbox()
            let backend = try await ScriptedBackend(in: sandbox)
            let proxy = try await ProxyProgram(backends: [backend.port], ["--drain-timeout", "1h"], in: sandbox)
            let program = proxy.program
            let port = proxy.port
            async let answer = onThreads(1) { _ in
                _ = try HTTPConnection(port: port).request("GET", "/slow?60000")
            }
            try await eventually("a request in flight") { ProcessTable.sockets(of: program.pid) >= 3 }
            program.signal(SIGTERM)
            // The listening socket is the first to go: the drain has begun.
            try await eventually("a drain") { (try? HTTPConnection(port: port)) == nil }
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
            #expect(await answer.count == 1)
            #expect(program.errors.hasPrefix("weaver: connections cut: "), "\(program.errors)")
        }

        @Test func theDrainIsBounded() async throws {
            let sandbox = try Sandbox()
            let backend = try await ScriptedBackend(in: sandbox)
            let proxy = try await ProxyProgram(backends: [backend.port], ["--drain-timeout", "50ms"], in: sandbox)
            let program = proxy.program
            let port = proxy.port
            async let answer = onThreads(1) { _ in
                _ = try HTTPConnection(port: port).request("GET", "/slow?60000")
            }
            try await eventually("a request in flight") { ProcessTable.sockets(of: program.pid) >= 3 }
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
            #expect(await answer.count == 1)
        }

        @Test func theAccessLogGoesToTheOutputOrAFileAndCannotBeForged() async throws {
            let sandbox = try Sandbox()
            let backend = try await ScriptedBackend(in: sandbox)
            let file = "\(sandbox.folder)/access.log"
            let flags = ["--access-log", "json", "--access-log-file", file]
            var outputs: [String] = []
            for flags in [["--access-log", "combined"], flags] {
                let proxy = try await ProxyProgram(backends: [backend.port], flags, in: sandbox)
                let http = try proxy.connect()
                _ = try http.request("GET", "/bytes/7?a=\\\"")
                _ = try http.request("POST", "/echo", "hello")
                proxy.program.signal(SIGTERM)
                #expect(try await proxy.program.exitCode() == 0)
                outputs.append(proxy.program.output)
            }
            let lines = outputs[0].split(separator: "\n").dropFirst()
            #expect(lines.count == 2 && lines.first?.contains(#""GET /bytes/7?a=\x5c\x22 HTTP/1.1" 200 7"#) == true)
            #expect(lines.last?.contains(" 127.0.0.1:\(backend.port) ") == true, "\(outputs)")
            let json = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            let entries = try json.map { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
            #expect(entries.map { $0?["target"] as? String } == ["/bytes/7?a=\\\"", "/echo"])
            #expect(entries.map { $0?["status"] as? Int } == [200, 200])
        }

        @Test func theClientThatThePROXYProtocolNamesIsThePeer() async throws {
            let sandbox = try Sandbox()
            let backend = try await ScriptedBackend(in: sandbox)
            let flags = ["--proxy-protocol", "--trusted-proxy", "127.0.0.1"]
            let proxy = try await ProxyProgram(backends: [backend.port], flags, in: sandbox)
            let url = "http://127.0.0.1:\(proxy.port)/head"
            let client = try Program(
                "/usr/bin/env", ["curl", "--silent", "--show-error", "--max-time", "15", "--haproxy-protocol", url],
                in: sandbox)
            #expect(try await client.exitCode() == 0, "\(client.errors)")
            #expect(client.output.contains("X-Forwarded-For: 127.0.0.1\n"), "\(client.output)")
            // Whom it trusts has to send it.
            let answer = try? proxy.connect().request("GET", "/head")
            #expect(answer?.status != 200)
        }

        @Test func anAddressInUseIsOneLine() async throws {
            let sandbox = try Sandbox()
            let taken = try ListeningPort()
            defer { taken.close() }
            let address = "127.0.0.1:\(taken.port)"
            let result = try await weaver("proxy", "--listen", address, "--backend", "127.0.0.1:1", in: sandbox)
            #expect(result.code == 1 && result.output == "")
            #expect(result.errors == "weaver: the address \(address) is in use\n")
        }

        @Test func fewOpenFilesAreSaidAtTheStart() async throws {
            let sandbox = try Sandbox()
            let line = "ulimit -n 200; exec \"$0\" proxy --listen 127.0.0.1:0 --backend 127.0.0.1:1"
            let program = try Program("/bin/sh", ["-c", line, Binaries.weaver], in: sandbox)
            try await eventually("a proxy that listens") { program.output.hasPrefix("listening on ") }
            #expect(program.errors == "weaver: 36 connections at a time, for few files may be open (ulimit -n)\n")
            program.signal(SIGTERM)
            #expect(try await program.exitCode() == 0)
        }

        @Test func aWrongValueEndsWith64AndNamesTheRightForm() async throws {
            let sandbox = try Sandbox()
            let result = try await weaver(
                "proxy", "--listen", ":0", "--backend", "127.0.0.1:1", "--idle-timeout", "60", in: sandbox)
            #expect(result.code == 64)
            #expect(result.errors.contains("--idle-timeout = \"60\" is no duration: write it like \"1m\""))
        }
    }
}
