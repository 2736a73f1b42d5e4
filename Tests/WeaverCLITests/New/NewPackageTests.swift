import Testing

@testable import WeaverCLI

@Suite struct NewPackageTests {
    private func package(_ name: String = "Shop") throws -> NewPackage {
        NewPackage(try PackageName(name), weaver: .folder("/weaver"), version: "0.1.0")
    }

    @Test func itHasWhatBuildsDeploysAndTests() throws {
        #expect(
            try package().files.map(\.path) == [
                "README.md", "Package.swift", "weaver.toml", ".gitignore", "Sources/Shop/ShopApp.swift",
                "Sources/Shop/Greeter.swift", "Sources/Shop/GreeterService.swift", "Tests/ShopTests/ShopTests.swift",
            ])
    }

    @Test func noPlaceOfTheNameIsForgotten() throws {
        // A letter more in each file that has the name at all: nothing in them is fixed to one name.
        let (short, long) = (try package("Shop").files, try package("Shops").files)
        for (short, long) in zip(short, long) {
            #expect(short.text.replacing("Shop", with: "Shops") == long.text, "\(short.path)")
        }
        #expect(short.count { $0.text.contains("Shop") } == 5)
    }

    @Test func theLinesAreAsShortAsTheFormatterWantsThem() throws {
        for file in try package("Shop").files {
            let long = file.text.split(separator: "\n").filter { $0.count > 120 }
            #expect(long.isEmpty && file.text.hasSuffix("\n"), "\(file.path): \(long)")
        }
    }

    @Test(arguments: [
        ("/shops", "cd Shop"), ("/", "cd shops/Shop"), ("/other", "cd /shops/Shop"), ("/shops/Shop", nil),
    ])
    func theNextStepsBeginWhereTheShellIs(workingFolder: String, step: String?) {
        let text = NewCommand.next(name: "Shop", folder: "/shops/Shop", workingFolder: workingFolder)
        let steps = (step.map { "  \($0)\n" } ?? "") + "  swift build\n  weaver multi deploy weaver.toml\n"
        #expect(text.contains("\n\n" + steps + "\n"), "\(text)")
    }
}
