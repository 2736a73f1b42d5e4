import Foundation
import Testing

extension Integration {
    /// What a shell offers after the tabulator, with the script that `weaver` prints for it.
    @Suite(.serialized) struct CompletionTests {
        /// What bash offers for the last word of a command line.
        private func offered(_ line: String, in sandbox: Sandbox) async throws -> [String] {
            let script = try sandbox.write(
                """
                source <("\(Binaries.weaver)" --generate-completion-script bash)
                COMP_LINE=\(Self.quoted(line))
                COMP_POINT=${#COMP_LINE}
                read -ra COMP_WORDS <<< "$COMP_LINE"
                if [[ "$COMP_LINE" == *" " ]]; then COMP_WORDS+=(""); fi
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _weaver weaver "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
                printf '%s\\n' "${COMPREPLY[@]}"
                """, to: "complete.bash")
            let path = Binaries.folder + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
            let bash = try Program("/bin/bash", [script], in: sandbox, environment: ["PATH": path])
            #expect(try await bash.exitCode() == 0, "\(bash.errors)")
            return bash.output.split(separator: "\n").map(String.init).sorted()
        }

        private static func quoted(_ line: String) -> String { "'\(line)'" }

        @Test func whatRunsIsOfferedByItsNames() async throws {
            let sandbox = try Sandbox()
            #expect(try await offered("weaver multi stop ", in: sandbox) == [])
            let unruly = try await Deployment(config: try sandbox.unrulyConfig(), in: sandbox)
            let id = try #require(try await unruly.status()).deployment
            #expect(try await offered("weaver multi stop ", in: sandbox) == [id, "unruly"].sorted())
            #expect(
                try await offered("weaver multi restart --component ", in: sandbox) == ["Stillborn", "Unruly", "main"])
            #expect(try await offered("weaver multi restart --component U", in: sandbox) == ["Unruly"])
            // What is offered is understood.
            let stop = try await weaver("multi", "stop", "unruly", in: sandbox)
            #expect(stop.code == 0 && stop.output == "stopped unruly \(id)\n", "\(stop)")
            #expect(try await unruly.deployer.exitCode() == 0)
        }

        @Test func configsAreOfferedByTheirExtensionAndCommandsByTheirBeginning() async throws {
            let sandbox = try Sandbox()
            _ = try sandbox.unrulyConfig()
            #expect(try await offered("weaver check weav", in: sandbox) == ["weaver.toml"])
            #expect(try await offered("weaver check comp", in: sandbox) == [])
            #expect(try await offered("weaver multi re", in: sandbox) == ["restart"])
            #expect(try await offered("weaver callgraph x --format ", in: sandbox) == ["dot", "mermaid"])
        }
    }
}
