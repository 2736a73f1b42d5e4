import WeaverCore

/// The name of a new package, which is the name of its module and of its binary too.
struct PackageName: Equatable, Sendable {
    /// The name as it was given.
    let text: String

    /// The length of the longest name, in characters: it becomes part of file names.
    static let maximumLength = 64

    /// Checks a name. It throws what is wrong with it, and the nearest right name where there is one.
    init(_ text: String) throws(PackageNameError) {
        if let problem = Self.problem(of: text) {
            throw PackageNameError(name: text, problem: problem, suggestion: Self.suggestion(for: text))
        }
        self.text = text
    }

    /// What is wrong with a name; nil when nothing is.
    private static func problem(of text: String) -> String? {
        if text.isEmpty { return "is empty" }
        if text.count > maximumLength { return "has more than \(maximumLength) characters" }
        guard text.utf8.allSatisfy(isNamePart) else {
            return "has other characters than the letters A to Z, digits and _"
        }
        guard text.utf8.first.map(isLetter) == true else { return "does not begin with a letter" }
        if keywords.contains(text) { return "is a word of the Swift language" }
        if takenModules.contains(text.lowercased()) {
            return "is the name of a module that every such package is built with"
        }
        return nil
    }

    /// The right name that a wrong one is nearest to: its parts with capital letters, without what may not be in it.
    private static func suggestion(for text: String) -> String? {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        // Of a path its last part is meant.
        let last = text.split(separator: "/").last { !$0.allSatisfy { $0 == "." } } ?? ""
        let words = last.utf8.split { !isNamePart($0) || $0 == UInt8(ascii: "_") }
        let name = words.map { word -> String in
            let word = String(decoding: word, as: UTF8.self)
            return word.prefix(1).uppercased() + word.dropFirst()
        }.joined()
        let trimmed = String(name.drop { $0.isNumber }.prefix(maximumLength - suffix.count))
        guard !trimmed.isEmpty else { return nil }
        return [trimmed, trimmed + suffix].first { problem(of: $0) == nil }
    }

    /// What makes a name of a taken one.
    private static let suffix = "App"

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isLetter(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "_")
    }

    /// Words that cannot be the name of a module.
    static let keywords: Set = [
        "actor", "any", "as", "associatedtype", "await", "break", "case", "catch", "class", "continue", "default",
        "defer", "deinit", "do", "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func",
        "guard", "if", "import", "in", "init", "inout", "internal", "is", "let", "nil", "operator", "precedencegroup",
        "private", "protocol", "public", "repeat", "rethrows", "return", "self", "Self", "static", "struct",
        "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var", "where", "while",
    ]

    /// The modules of this package, of what it is built with and of the toolchain, in lower case: file systems may take
    /// names that differ in case for the same. `main` is what the compiler calls a program without a name.
    static let takenModules: Set = [
        "main", "weaver", "weavercli", "weavercore", "weaverembedding", "weaverloop", "weavermacros", "weaverprotocol",
        "weaverruntime", "weavertesting", "cuv", "cweaversection", "cweavertesting", "argumentparser",
        "argumentparsertoolinfo", "asyncalgorithms", "collections", "concurrencyhelpers", "coremetrics", "ctoml",
        "dequemodule", "instrumentation", "metrics", "servicecontextmodule", "servicelifecycle", "tracing",
        "unixsignals", "httptypes", "httptypesfoundation", "logging", "swiftprotobuf", "tomlkit",
        "swift", "builtin", "dispatch", "distributed", "foundation", "foundationessentials", "foundationnetworking",
        "foundationxml", "glibc", "musl", "observation", "regexbuilder", "swiftsyntax", "synchronization", "testing",
        "xctest",
    ]
}

/// A name that no package can have.
struct PackageNameError: Error, Equatable, CustomStringConvertible {
    /// The name.
    let name: String
    /// What is wrong with it, after the name.
    let problem: String
    /// A name that is right.
    let suggestion: String?

    var description: String {
        let isPath = name.contains("/")
        let advice = suggestion.map { "; did you mean \"\($0)\(isPath ? " --path \(name)" : "")\"?" } ?? ""
        return "a package cannot be called \"\(name)\", which \(problem)\(advice)"
    }
}
