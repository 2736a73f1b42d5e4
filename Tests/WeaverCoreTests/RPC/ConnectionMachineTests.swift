import Testing

@testable import WeaverCore

@Suite struct ConnectionMachineTests {
    private func hello() throws -> Hello {
        Hello(
            secret: try #require(DeploymentSecret(bytes: [UInt8](repeating: 1, count: 32))), version: "v", name: "n",
            reachable: [])
    }

    private func helloBytes() throws -> [UInt8] {
        var encoder = WireEncoder()
        try hello().encode(wire: &encoder)
        return encoder.takeOutput().copyBytes()
    }

    private func feed(
        _ machine: inout ConnectionMachine, _ kind: FrameKind, id: UInt64 = 1, _ payload: [UInt8] = []
    ) throws -> ConnectionMachine.Event {
        try unsafe machine.receive(
            FrameHeader(id: id, kind: kind, length: payload.count), payload: payload.span.bytes)
    }

    private func ready(_ role: ConnectionMachine.Role) throws -> ConnectionMachine {
        var machine = ConnectionMachine(role: role, hello: try hello())
        guard case .ready = try feed(&machine, .hello, id: 0, try helloBytes()) else {
            throw CallError(.internalError, "not ready")
        }
        return machine
    }

    @Test(arguments: [FrameKind.request, .response, .cancel, .ping, .pong, .goaway])
    func `before the hello nothing else is taken`(_ kind: FrameKind) throws {
        for role in [ConnectionMachine.Role.client, .server] {
            var machine = ConnectionMachine(role: role, hello: try hello())
            let error = #expect(throws: CallError.self) { try feed(&machine, kind) }
            #expect(error?.code == .notPermitted)
        }
    }

    @Test func `each role takes its frames and no others`() throws {
        let table: [(ConnectionMachine.Role, FrameKind, ConnectionMachine.Event?)] = [
            (.server, .request, .request), (.server, .cancel, .cancel), (.server, .ping, .ping),
            (.server, .pong, ConnectionMachine.Event.none),
            (.server, .response, nil), (.server, .error, nil), (.server, .goaway, nil), (.server, .hello, nil),
            (.client, .response, .response), (.client, .error, .failure), (.client, .ping, .ping),
            (.client, .pong, ConnectionMachine.Event.none), (.client, .goaway, .goaway), (.client, .request, nil),
            (.client, .cancel, nil),
            (.client, .hello, nil),
        ]
        for (role, kind, expected) in table {
            var machine = try ready(role)
            #expect((try? feed(&machine, kind)) == expected, "\(role) \(kind)")
        }
    }

    @Test func `after a goaway a client sends nothing and still takes answers`() throws {
        var machine = try ready(.client)
        let before = machine.acceptsCalls
        #expect(before)
        #expect(try feed(&machine, .goaway) == .goaway)
        let after = machine.acceptsCalls
        #expect(!after)
        #expect(try feed(&machine, .response) == .response)
    }

    @Test func `a closed connection takes nothing any more`() throws {
        var machine = try ready(.server)
        machine.close()
        #expect(try feed(&machine, .request) == ConnectionMachine.Event.none)
    }

    @Test func `the server's reason for closing is the error of the client`() throws {
        for machineIsReady in [false, true] {
            var machine = machineIsReady ? try ready(.client) : ConnectionMachine(role: .client, hello: try hello())
            var encoder = WireEncoder()
            try ErrorPayload.call(CallError(.versionMismatch, "why")).encode(wire: &encoder)
            let payload = encoder.takeOutput().copyBytes()
            #expect(throws: CallError(.versionMismatch, "why")) { try feed(&machine, .error, id: 0, payload) }
        }
    }

    @Test func `a reason that cannot be read is an error all the same`() throws {
        var machine = try ready(.client)
        let error = #expect(throws: CallError.self) { try feed(&machine, .error, id: 0, [9, 9]) }
        #expect(error?.code == .internalError)
    }
}
