/// The files of a new package that are not Swift.
enum TextTemplates {
    /// Where the new application listens, with and without a proxy.
    static let address = "127.0.0.1:12345"

    /// `weaver.toml`.
    static func config(_ name: String) -> String {
        """
        # How \(name) is deployed. Paths are relative to this file.

        [weaver]
        name = "\(name)"
        binary = ".build/debug/\(name)"
        # colocate = [["main", "Greeter"]]      components that share a process
        # replicas = 2                          processes of each

        # The @Config property of the component.
        [Greeter]
        greeting = "Hello"

        # Where the listener is found: that of one process, and the proxy's in front of many.
        [single.listeners.web]
        address = "\(address)"

        [multi.listeners.web]
        address = "\(address)"

        """
    }

    /// `README.md`.
    static func readme(_ name: String) -> String {
        """
        # \(name)

            swift build                        # and swift test
            weaver multi deploy weaver.toml    # every component in two processes, behind one HTTP proxy
            curl http://\(address)/Ada

        `weaver single deploy weaver.toml` runs the same binary as one process. `weaver multi status` shows what runs, and
        Ctrl-C or `weaver multi stop` ends it in order.

        | file | what it is |
        |---|---|
        | `Sources/\(name)/\(name)App.swift` | the main component, with the listener `web` |
        | `Sources/\(name)/Greeter.swift` | the interface of the component `Greeter` |
        | `Sources/\(name)/GreeterService.swift` | its implementation, and its config |
        | `weaver.toml` | how it is deployed; `weaver check weaver.toml` says whether it fits the binary |

        """
    }

    /// `.gitignore`.
    static let ignored = """
        .build/
        .swiftpm/

        """
}
