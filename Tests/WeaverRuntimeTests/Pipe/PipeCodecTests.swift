import Testing
import WeaverCore

@testable import WeaverRuntime

@Suite struct PipeCodecTests {
    private static let setup = SetupInfo(
        application: "lemon", deployment: "d", replica: "r", group: ["main", "A.B"],
        secret: [UInt8](0..<UInt8(SetupInfo.secretLength)), sections: ["A.B": "x = 1\n"], deadline: .milliseconds(1500),
        reachable: ["A.B", "A.C"], routed: ["A.C"])

    private static let toWeavelet: [EnvelopeMessage] = [
        .setup(setup), .componentsToStart([]), .componentsToStart(["main", "A.Bé"]),
        .routingInfo(RoutingInfo(component: "A.B", replicas: [])),
        .routingInfo(RoutingInfo(component: "A.B", replicas: [], isGivenUp: true)),
        .routingInfo(
            RoutingInfo(
                component: "A.B",
                replicas: [.init(id: "1", address: "127.0.0.1:1"), .init(id: "2", address: "unix:/x")],
                assignment: .equalSlices(version: .max, replicas: ["1", "2", "3"]))),
        .routingInfo(
            RoutingInfo(component: "A.B", replicas: [], assignment: .equalSlices(version: 0, replicas: []))),
        .address("127.0.0.1:0"), .listenerExported(proxyAddress: "127.0.0.1:80"), .done, .refused("no"), .healthCheck,
        .drain, .shutdown, .unknown,
    ]

    private static let toEnvelope: [WeaveletMessage] = [
        .info(WeaveletInfo(protocolVersion: 1, address: "127.0.0.1:9", processID: 4_194_304, version: "v")), .done,
        .refused("why"), .startComponent("A.B"), .getAddress(listener: "lemon"),
        .exportListener(listener: "lemon", address: "127.0.0.1:7"), .log([], dropped: .max),
        .log(
            LogEntry.Level.allCases.map {
                LogEntry(
                    time: .min, level: $0, component: "main", file: "a.swift", line: .max, message: "m\n\u{0}",
                    attributes: ["k": "v", "": ""])
            }, dropped: 0),
        .health, .leaving(completed: true), .leaving(completed: false), .unknown,
    ]

    @Test(arguments: [Int64.min, -1, 0, 1, .max])
    func `every message comes back as it was, with its id`(id: Int64) throws {
        for message in Self.toWeavelet {
            let decoded = try EnvelopeCodec.decode(EnvelopeCodec.encode(id: id, message))
            #expect(decoded.id == id)
            #expect(decoded.message == message)
        }
        for message in Self.toEnvelope {
            let decoded = try WeaveletCodec.decode(WeaveletCodec.encode(id: id, message))
            #expect(decoded.id == id)
            #expect(decoded.message == message)
        }
    }

    @Test func `a message cut anywhere never comes out as the whole one and never traps`() throws {
        for message in Self.toWeavelet {
            let bytes = try EnvelopeCodec.encode(id: 7, message)
            for end in bytes.indices {
                let decoded = try? EnvelopeCodec.decode(Array(bytes[..<end]))
                #expect(decoded?.message != message || message == .unknown)
            }
        }
    }

    @Test func `bytes with any one of them changed never trap`() throws {
        for message in Self.toWeavelet {
            var bytes = try EnvelopeCodec.encode(id: 7, message)
            for index in bytes.indices {
                let kept = bytes[index]
                for change in [kept ^ 1, kept ^ 0x80, 0, 0xFF] {
                    bytes[index] = change
                    _ = try? EnvelopeCodec.decode(bytes)
                    _ = try? WeaveletCodec.decode(bytes)
                    _ = try? DescriptorCodec.decode(bytes)
                }
                bytes[index] = kept
            }
        }
    }

    @Test func `unknown fields and kinds are skipped`() throws {
        // Field 1000 as a varint, as a later version may send it: alone, and after a known kind.
        let later: [UInt8] = [0xC0, 0x3E, 0x05]
        #expect(try EnvelopeCodec.decode(later).message == .unknown)
        #expect(try EnvelopeCodec.decode(EnvelopeCodec.encode(id: 3, .drain) + later) == (3, .drain))
        #expect(try WeaveletCodec.decode(later).message == .unknown)
        #expect(try WeaveletCodec.decode([]) == (0, .unknown))
    }

    @Test func `a secret of another length is refused`() throws {
        for count in [0, SetupInfo.secretLength - 1, SetupInfo.secretLength + 1] {
            var setup = Self.setup
            setup.secret = [UInt8](repeating: 1, count: count)
            let bytes = try EnvelopeCodec.encode(id: 1, .setup(setup))
            let error = #expect(throws: PipeDecodingError.self) { try EnvelopeCodec.decode(bytes) }
            #expect(error?.description == "a secret of \(count) bytes, not 32")
        }
    }

    @Test func `a range of protocols that is empty is refused`() throws {
        // Field 2 (setup) with field 1 (protocol_min) 2 and field 2 (protocol_max) 1.
        let error = #expect(throws: PipeDecodingError.self) { try EnvelopeCodec.decode([0x12, 4, 0x08, 2, 0x10, 1]) }
        #expect(error?.description == "an empty range of protocols")
    }

    @Test func `slices that are not in order are refused`() throws {
        // Routing info (4) with an assignment (3) of one slice (2) that starts (1, fixed64) at 1.
        let slice: [UInt8] = [0x09, 1, 0, 0, 0, 0, 0, 0, 0]
        let assignment: [UInt8] = [0x12, UInt8(slice.count)] + slice
        let info: [UInt8] = [0x1A, UInt8(assignment.count)] + assignment
        let error = #expect(throws: PipeDecodingError.self) {
            try EnvelopeCodec.decode([0x22, UInt8(info.count)] + info)
        }
        #expect(error?.description == "slices of  that are not in order from 0")
    }
}

@Suite struct DescriptorCodecTests {
    @Test func `a descriptor comes back as it was`() throws {
        let descriptor = AppDescriptor(
            protocolVersions: 1...7, version: "v",
            components: [
                .init(
                    name: "A.B", implementation: "B", location: "b.swift:3", refs: ["A.C"], listeners: ["l"],
                    configKeys: ["k"], hasConfig: true, configIsOpen: true, isRouted: true),
                .init(name: "main"),
            ], problems: ["a cycle"])
        #expect(try DescriptorCodec.decode(DescriptorCodec.encode(descriptor)) == descriptor)
    }

    @Test func `what is no descriptor is refused`() {
        #expect(throws: PipeDecodingError.self) { try DescriptorCodec.decode([]) }
        #expect(throws: (any Error).self) { try DescriptorCodec.decode(Array("Usage: lemon [options]\n".utf8)) }
    }
}
