/// Feeds `bytes` to a decoder in every way that a network could deliver them, and gives what differed: whole, byte by
/// byte, and cut in two at every point. `decode` gets the pieces in order and gives what the decoder made of them.
package func verifyCodec<Output: Equatable>(
    _ bytes: [UInt8], expected: Output, decode: ([[UInt8]]) throws -> Output
) throws -> [String] {
    var problems: [String] = []
    func check(_ name: @autoclosure () -> String, _ pieces: [[UInt8]]) throws {
        let output = try decode(pieces)
        if output != expected { problems.append("\(name()): \(output) instead of \(expected)") }
    }
    try check("whole", [bytes])
    try check("byte by byte", bytes.map { [$0] })
    for cut in 0...bytes.count {
        try check("cut at \(cut)", [Array(bytes[..<cut]), Array(bytes[cut...])])
    }
    return problems
}
