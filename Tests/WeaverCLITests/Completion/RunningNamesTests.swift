import ArgumentParser
import Testing
import WeaverRuntime

@testable import WeaverCLI

@Suite struct RunningNamesTests {
    private func entry(_ app: String, _ id: String) -> DeploymentRegistry.Entry {
        DeploymentRegistry.Entry(app: app, deployment: id, pid: 1, socket: "/\(id)")
    }

    @Test func onlyNamesThatMeanOneDeploymentAreOffered() {
        let entries = [entry("lemon", "aa"), entry("lime", "bb"), entry("lime", "cc")]
        #expect(RunningNames.deployments(entries) == ["lemon", "aa", "bb", "cc"])
        #expect(RunningNames.deployments([]) == [])
    }

    @Test func everyOfferedNameOfADeploymentIsUnderstood() throws {
        let entries = [entry("lemon", "aa"), entry("lime", "bb"), entry("lime", "cc")]
        for name in RunningNames.deployments(entries) {
            #expect(throws: Never.self) { try DeploymentChoice.choose(name, among: entries) }
        }
    }

    @Test func everyOfferedNameOfAComponentIsUnderstoodAndShortWhereItCanBe() throws {
        let components = ["main", "Lemon.Products", "Lemon.Cache", "Shop.Cache", "Lemon.Products"]
        let offered = RunningNames.components(components)
        #expect(offered == ["Lemon.Cache", "Products", "Shop.Cache", "main"])
        for name in offered {
            #expect(throws: Never.self) { try ComponentChoice.choose(name, among: components) }
        }
    }

    @Test(arguments: [CompletionShell.bash, .zsh, .fish])
    func theScriptsKnowConfigsByTheirExtensionAndAskForWhatRuns(shell: CompletionShell) {
        let script = WeaverCommand.completionScript(for: shell)
        #expect(script.contains("toml"))
        #expect(script.contains("---completion"))
        for word in ["new", "multi", "restart", "mermaid", "combined"] { #expect(script.contains(word), "\(word)") }
    }
}
