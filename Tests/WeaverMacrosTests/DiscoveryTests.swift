#if os(Linux)
    import Foundation
    import TestSupport
    import Testing

    /// Components and errors are found in the linker section however the program is built: see `LinkedRecords`.
    @Suite("discovery", .timeLimit(.minutes(2)))
    struct DiscoveryTests {
        private static let stock = """
            public import WeaverRuntime

            @Component public protocol Store: Sendable { func get() async throws -> Int }
            @Implements(Store.self) actor StoreActor: Store { func get() async throws -> Int { 7 } }
            """
        private static let app = """
            IMPORT
            import WeaverRuntime

            @main @Implements(Main.self)
            struct App: Main {
                @Ref var store: any Store
                func serve() async throws { print("stock:", try await store.get()) }
            }
            """

        private func flags(_ level: String) -> [String] {
            [level, "-swift-version", "6", "-enable-upcoming-feature", "InternalImportsByDefault"]
        }

        private func expect(_ outcome: CompilerHarness.Outcome) {
            #expect(outcome.status == 0, "\(outcome.output)")
        }

        @Test("in the program's own module", arguments: ["-Onone", "-O", "-Osize"])
        func ownModule(_ level: String) async throws {
            try await CompilerHarness.withHarness { harness in
                let app = Self.app.replacingOccurrences(of: "IMPORT", with: "")
                let stock = Self.stock
                expect(
                    try await harness.object(
                        "App", ["App.swift": app, "Stock.swift": stock], flags: flags(level)))
                #expect(try await harness.linkAndRun(["App.o"]).output == "stock: 7\n")
            }
        }

        @Test("in another module, linked as it is and as a static library", arguments: ["-Onone", "-O"])
        func otherModule(_ level: String) async throws {
            try await CompilerHarness.withHarness { harness in
                let app = Self.app.replacingOccurrences(of: "IMPORT", with: "import Stock")
                expect(try await harness.object("Stock", ["Stock.swift": Self.stock], flags: flags(level)))
                expect(try await harness.object("App", ["App.swift": app], flags: flags(level)))
                #expect(try await harness.linkAndRun(["App.o", "Stock.o"]).output == "stock: 7\n")
                try await harness.archive("libStock.a", ["Stock.o"])
                #expect(try await harness.linkAndRun(["App.o", "libStock.a"]).output == "stock: 7\n")
            }
        }
    }
#endif
