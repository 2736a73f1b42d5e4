/// The Swift files of a new package.
enum SourceTemplates {
    /// The main component, with a listener.
    static func main(_ name: String) -> String {
        """
        import WeaverRuntime

        /// The application's own component: it answers HTTP requests with the help of the others.
        ///
        /// Each replica of it runs `serve()`. In a multi deployment a proxy spreads the requests over them.
        @main
        @Implements(Main.self)
        final class \(name)App: Main {
            @Ref var greeter: any Greeter
            @Listener var web: WeaverListener

            func serve() async throws {
                let greeter = self.greeter
                try await web.serve { request, _, writer in
                    let text = try await Self.answer(to: request.path ?? "/", by: greeter)
                    try await writer.respond(body: text)
                }
            }

            /// What is answered to a request for `/Ada`, say.
            static func answer(to path: String, by greeter: any Greeter) async throws -> String {
                let name = path.dropFirst().prefix { $0 != "?" }
                let greeting = try await greeter.greet(name.isEmpty ? "world" : String(name))
                return "\\(greeting.text) (greeting \\(greeting.number) of its replica)\\n"
            }
        }

        """
    }

    /// A component's interface.
    static let interface = """
        import WeaverRuntime

        /// Greets people.
        ///
        /// Whoever has `@Ref var greeter: any Greeter` can call it. Whether it is in the same process or in another one is the
        /// deployment's matter.
        @Component
        protocol Greeter: Sendable {
            /// A greeting for somebody.
            func greet(_ name: String) async throws -> Greeting
        }

        /// What a greeter says. `@Serializable` lets it travel between processes.
        @Serializable
        struct Greeting: Equatable {
            var text: String
            /// How many its replica has said, this one included.
            var number: Int
        }

        """

    /// The component's implementation.
    static let implementation = """
        import WeaverRuntime

        @Implements(Greeter.self)
        actor GreeterService: Greeter {
            @Config var config: GreeterConfig
            private var number = 0

            func greet(_ name: String) async throws -> Greeting {
                number += 1
                context.logger.info("greeted", metadata: ["name": "\\(name)"])
                return Greeting(text: config.text(for: name), number: number)
            }
        }

        /// The section `[Greeter]` of weaver.toml.
        struct GreeterConfig: ValidatedConfig {
            var greeting: String

            /// Called before anything starts: a config that makes no sense is one line, with its place.
            func validate() throws {
                if greeting.isEmpty { throw EmptyGreeting() }
            }

            func text(for name: String) -> String { "\\(greeting), \\(name)!" }
        }

        /// There is nothing to greet with.
        struct EmptyGreeting: Error, CustomStringConvertible {
            var description: String { "greeting is empty" }
        }

        """

    /// The tests.
    static func tests(_ name: String) -> String {
        """
        import Testing
        import WeaverTesting

        @testable import \(name)

        @Suite struct \(name)Tests {
            @Test func thePathNamesWhoIsGreeted() async throws {
                let answer = try await \(name)App.answer(to: "/Ada?loud=1", by: FakeGreeter())
                #expect(answer == "Hi Ada (greeting 1 of its replica)\\n")
            }

            /// In one process, there with every call encoded and sent, and in two processes of its own.
            @Test(arguments: .allRunners) func theConfigSaysHow(runner: WeaverRunner) async throws {
                try await withWeaver(runner, config: "[Greeter]\\ngreeting = \\"Ahoy\\"") { weaver in
                    let greeter = try weaver.get((any Greeter).self)
                    let greeting = try await greeter.greet("Ada")
                    #expect(greeting == Greeting(text: "Ahoy, Ada!", number: 1))
                }
            }

            @Test func anEmptyGreetingIsAMistake() {
                #expect(throws: EmptyGreeting.self) { try GreeterConfig(greeting: "").validate() }
            }
        }

        /// A component is a protocol: in a test something else takes its place.
        private struct FakeGreeter: Greeter {
            func greet(_ name: String) async throws -> Greeting { Greeting(text: "Hi \\(name)", number: 1) }
        }

        """
    }
}
