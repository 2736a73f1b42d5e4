import Testing

@testable import WeaverTesting

@Suite struct FakesTests {
    @Test(arguments: [
        ("CategoriesFake", "Categories"), ("FakeCategories", "Categories"), ("MockCache", "Cache"),
        ("CacheSpy", "Cache"),
        ("Categories", "Categories"),
    ])
    func `advice compares names without what says that something is a fake`(name: String, stem: String) {
        #expect(Fakes.stem(of: name) == stem)
    }
}
