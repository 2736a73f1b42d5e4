import Foundation
import Testing

extension Integration {
    /// `weaver new`, and what people do next.
    @Suite(.serialized) struct NewPackageTests {
        /// Makes the package `JustMadePackage` (a name that no checkout has), builds and tests it, and gives its folder.
        private func fresh(in sandbox: Sandbox) async throws -> String {
            let made = try await weaver("new", "JustMadePackage", "--weaver", Checkout.root, in: sandbox)
            try #require(made.code == 0, "\(made.errors)")
            #expect(made.output.contains("  cd JustMadePackage\n  swift build\n"), "\(made.output)")
            let folder = sandbox.folder + "/JustMadePackage"
            try await Checkout.buildAndTest(folder, in: sandbox)
            return folder
        }

        /// Changes a place of the config.
        private func change(_ old: String, to new: String, in folder: String) throws {
            let path = "\(folder)/weaver.toml"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(old))
            try text.replacingOccurrences(of: old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
        }

        @Test(.timeLimit(.minutes(10))) func itBuildsAndDeploysAtOnce() async throws {
            let sandbox = try Sandbox()
            let folder = try await fresh(in: sandbox)
            let port = try ListeningPort.free()
            try change(".build/debug/", to: ".build/\(Checkout.configuration)/", in: folder)
            // That one may be taken.
            try change("127.0.0.1:12345", to: "127.0.0.1:\(port)", in: folder)

            let single = try Program(Binaries.weaver, ["single", "deploy", "\(folder)/weaver.toml"], in: sandbox)
            defer { single.signal(SIGKILL) }
            try await eventually("a listener: \(single.errors)") {
                guard single.isRunning else { throw DidNotHappen(description: "a start: \(single.errors)") }
                return (try? HTTPConnection(port: port)) != nil
            }
            let http = try HTTPConnection(port: port)
            #expect(try http.request("GET", "/Ada").body == "Hello, Ada! (greeting 1 of its replica)\n")
            #expect(try http.request("GET", "/").body == "Hello, world! (greeting 2 of its replica)\n")
            single.signal(SIGINT)
            #expect(try await single.exitCode() == 0, "\(single.errors)")

            try change("127.0.0.1:\(port)", to: "127.0.0.1:0", in: folder)
            let multi = try await Deployment(config: "\(folder)/weaver.toml", in: sandbox)
            #expect(try await multi.status()?.replicas.count == 4)
            #expect(try multi.connect().request("GET", "/Ada").body.hasPrefix("Hello, Ada! (greeting "))
            try await multi.end(by: SIGINT)
            #expect(multi.deployer.output.contains("greeted"), "\(multi.deployer.output)")
            #expect(sandbox.leftBehind() == [])
        }

        @Test func aMistakeIsOneLineAndLeavesNothing() async throws {
            let sandbox = try Sandbox()
            let before = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder).count
            let name = try await weaver("new", "my-shop", in: sandbox)
            #expect(name.code == 1 && name.errors.hasSuffix("; did you mean \"MyShop\"?\n"), "\(name.errors)")
            let place = try await weaver("new", "Shop", "--path", "/etc", in: sandbox)
            #expect(place.code == 1 && place.errors.hasPrefix("weaver: /etc is there already"), "\(place.errors)")
            let source = try await weaver("new", "Shop", "--weaver", "/etc", in: sandbox)
            #expect(source.code == 1 && source.errors == "weaver: /etc is not the package of WeaverRuntime\n")
            // The outputs of the three commands are all that has come.
            let after = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder).count
            #expect(after == before + 6)
        }
    }
}
