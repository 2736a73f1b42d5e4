import ArgumentParser
import Testing
import WeaverRuntime

@testable import WeaverCLI

@Suite struct CommandTests {
    @Test(arguments: [
        (["statsu"], "unknown subcommand \"statsu\"; did you mean \"multi status\"?"),
        (["mutli", "deploy"], "unknown subcommand \"mutli\"; did you mean \"multi\"?"),
        (["multi", "dploy", "x"], "unknown subcommand \"dploy\"; did you mean \"deploy\"?"),
        (["fetch"], "unknown subcommand \"fetch\""),
    ])
    func aMisspeltSubcommandIsAnsweredWithTheRightOne(arguments: [String], message: String) {
        let error = #expect(throws: ValidationError.self) {
            try SubcommandSpelling.check(arguments, of: WeaverCommand.self)
        }
        #expect(error?.message == message)
    }

    @Test(arguments: [
        [], ["--help"], ["help", "multi"], ["multi", "status", "--json"], ["single", "deploy", "statsu"],
    ])
    func whatIsNoSubcommandIsLeftToTheParser(arguments: [String]) throws {
        try SubcommandSpelling.check(arguments, of: WeaverCommand.self)
    }

    @Test func everyCommandSaysWhatItDoesWithin80Columns() {
        let commands: [any ParsableCommand.Type] = [
            WeaverCommand.self, MultiCommand.self, MultiDeployCommand.self, MultiStatusCommand.self,
            MultiRestartCommand.self, MultiStopCommand.self, SingleCommand.self, SingleDeployCommand.self,
            CheckCommand.self, CallgraphCommand.self, ProxyCommand.self, VersionCommand.self, NewCommand.self,
        ]
        for command in commands {
            #expect(!command.configuration.abstract.isEmpty)
            let help = WeaverCommand.helpMessage(for: command, columns: 80)
            #expect(help.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(help)")
            #expect(command.configuration.discussion.split(separator: "\n").allSatisfy { $0.count <= 76 })
        }
    }

    @Test func aComponentToRestartIsNamedAsInTheConfig() throws {
        let components = ["main", "Lemon.Products", "Lemon.Cache", "Shop.Cache"]
        #expect(try ComponentChoice.choose("Products", among: components) == "Lemon.Products")
        #expect(try ComponentChoice.choose("Shop.Cache", among: components) == "Shop.Cache")
        func message(_ name: String) -> String? {
            #expect(throws: RestartFailure.self) { try ComponentChoice.choose(name, among: components) }?.description
        }
        #expect(message("Prodcts") == "unknown component \"Prodcts\"; did you mean \"Products\"?")
        #expect(message("Cache") == "\"Cache\" may be Lemon.Cache or Shop.Cache: write it in full")
    }

    @Test func aDeploymentIsNamedByTheBeginningOfItsIDOrItsApplication() throws {
        let one = DeploymentRegistry.Entry(app: "lemon", deployment: "f74f7512-a8ff", pid: 1, socket: "/a")
        let two = DeploymentRegistry.Entry(app: "lime", deployment: "f7000000-a8ff", pid: 2, socket: "/b")
        #expect(try DeploymentChoice.choose("F74", among: [one, two]) == one)
        #expect(try DeploymentChoice.choose("lime", among: [one, two]) == two)
        #expect(try DeploymentChoice.choose(nil, among: [two]) == two)
        func message(_ prefix: String?, _ entries: [DeploymentRegistry.Entry]) -> String? {
            #expect(throws: DeploymentChoiceError.self) { try DeploymentChoice.choose(prefix, among: entries) }?
                .description
        }
        #expect(message(nil, []) == "no deployment is running")
        #expect(
            message("f7", [one, two])
                == "several deployments are called \"f7\", by application or beginning of the id; "
                + "running: lemon f74f7512-a8ff, lime f7000000-a8ff")
        #expect(
            message("x", [one])
                == "no deployment is called \"x\", by application or beginning of the id; running: lemon f74f7512-a8ff")
        #expect(message("lim", [one, two])?.hasPrefix("no deployment is called \"lim\"") == true)
        #expect(
            message(nil, [one, two])
                == "name the deployment that is meant; running: lemon f74f7512-a8ff, lime f7000000-a8ff")
    }
}
