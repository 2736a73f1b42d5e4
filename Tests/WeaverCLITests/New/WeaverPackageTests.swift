import Testing

@testable import WeaverCLI

@Suite struct WeaverPackageTests {
    @Test(arguments: [
        ("https://example.org/somebody/weaver", "weaver"),
        ("https://example.org/somebody/weaver-swift.git", "weaver-swift"),
        ("git@example.org:somebody/weaver.git", "weaver"), ("file:///repositories/weaver/", "weaver"),
    ])
    func anAddressIsARepositoryAndTheProductsBearItsName(url: String, name: String) {
        let package = WeaverPackage(url, workingFolder: "/shops")
        #expect(package == .repository(url))
        #expect(package.name == name)
        #expect(package.dependency(version: "1.2.3") == ".package(url: \"\(url)\", from: \"1.2.3\")")
    }

    @Test(arguments: [
        ("/tools/weaver", "/tools/weaver"), ("../weaver", "/weaver"), (".", "/shops"), ("weaver/", "/shops/weaver"),
        ("/we:aver", "/we:aver"), ("./we:aver", "/shops/we:aver"),
    ])
    func aPathIsTheSameWhereverThePackageIs(path: String, absolute: String) {
        #expect(WeaverPackage(path, workingFolder: "/shops") == .folder(absolute))
    }

    @Test func quotesInAPathDoNotEndTheManifestsText() {
        let package = WeaverPackage(#"/a"b\(c)"#, workingFolder: "/")
        #expect(package.dependency(version: "1.0.0") == #".package(name: "weaver", path: "/a\"b\\(c)")"#)
    }

    @Test func theCheckoutOfThisBuildHasTheRuntime() throws {
        let package = try #require(WeaverPackage.ofThisBuild)
        #expect(#filePath.hasPrefix("/\(package.identity)/") || #filePath.contains("/\(package.identity)/Tests/"))
    }
}
