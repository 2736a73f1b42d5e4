import Foundation
import TestSupport
import Testing

/// Links of pages to files of this package. Those between the pages of a catalog are the documentation compiler's matter.
@Suite struct LinkTests {
    @Test func everyLinkToAFileLeadsThere() throws {
        var links = 0
        for page in try MarkdownPage.all() {
            let folder = CompilerHarness.package.appending(path: page.path).deletingLastPathComponent()
            for (line, text) in page.prose {
                for match in text.matches(of: #/\]\(([^)\s]+)\)/#) {
                    let target = String(match.1)
                    guard !target.contains("://"), !target.hasPrefix("#"), !target.hasPrefix("mailto:") else {
                        continue
                    }
                    links += 1
                    let file = folder.appending(path: target.prefix { $0 != "#" }.description)
                    #expect(FileManager.default.fileExists(atPath: file.path), "\(page.path):\(line): \(target)")
                    guard let anchor = target.split(separator: "#").dropFirst().first else { continue }
                    #expect(try Self.anchors(file).contains(String(anchor)), "\(page.path):\(line): \(target)")
                }
            }
        }
        #expect(links > 10, "the links are found")
    }

    @Test func everyLinkWithinAPageLeadsToATitle() throws {
        for page in try MarkdownPage.all() {
            let file = CompilerHarness.package.appending(path: page.path)
            for (line, text) in page.prose {
                for match in text.matches(of: #/\]\(#([^)\s]+)\)/#) {
                    #expect(try Self.anchors(file).contains(String(match.1)), "\(page.path):\(line): #\(match.1)")
                }
            }
        }
    }

    /// The names of a page's titles, as they are made for links.
    private static func anchors(_ file: URL) throws -> Set<String> {
        let text = try String(contentsOf: file, encoding: .utf8)
        return Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                let title = line.drop { $0 == "#" || $0 == " " }.lowercased()
                return String(
                    title.compactMap { $0 == " " ? "-" : $0.isLetter || $0.isNumber || "-_".contains($0) ? $0 : nil })
            })
    }
}
