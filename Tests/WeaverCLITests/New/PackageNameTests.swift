import Testing

@testable import WeaverCLI

@Suite struct PackageNameTests {
    @Test(arguments: ["Shop", "shop", "Shop2", "my_shop", "X", String(repeating: "a", count: 64)])
    func aNameOfAModuleIsRight(name: String) throws {
        #expect(try PackageName(name).text == name)
    }

    @Test(arguments: [
        ("my-shop", "MyShop"), ("my shop", "MyShop"), ("2shop", "shop"), ("_shop", "Shop"), ("class", "Class"),
        ("self", "SelfApp"), ("Weaver", "WeaverApp"), ("main", "MainApp"), ("foundation", "FoundationApp"),
        ("Tracing", "TracingApp"), ("CWeaverTesting", "CWeaverTestingApp"),
        ("./shops/my-shop", "MyShop"), ("shop/", "Shop"),
    ])
    func aWrongNameIsAnsweredWithTheNearestRightOne(name: String, right: String) {
        let error = #expect(throws: PackageNameError.self) { try PackageName(name) }
        #expect(error?.suggestion == right)
    }

    @Test(arguments: ["", "7", "-", "../..", "caf\u{e9}"])
    func aNameWithoutANearRightOneIsRefusedWithoutAdvice(name: String) {
        let error = #expect(throws: PackageNameError.self) { try PackageName(name) }
        #expect(error?.suggestion == nil)
        #expect(error?.description.contains("did you mean") == false)
    }

    @Test func theLongestNameIsRightAndOneCharacterMoreIsNot() throws {
        let longest = String(repeating: "x", count: PackageName.maximumLength)
        #expect(try PackageName(longest).text == longest)
        let error = #expect(throws: PackageNameError.self) { try PackageName(longest + "x") }
        #expect(error?.problem == "has more than 64 characters")
    }

    @Test func aPathForANameIsToldWhichOptionWasMeant() {
        let error = #expect(throws: PackageNameError.self) { try PackageName("tools/my-shop") }
        #expect(
            error?.description == "a package cannot be called \"tools/my-shop\", which has other characters than the "
                + "letters A to Z, digits and _; did you mean \"MyShop --path tools/my-shop\"?")
    }
}
