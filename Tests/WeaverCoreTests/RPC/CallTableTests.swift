import Testing

@testable import WeaverCore

@Suite struct CallTableTests {
    private func time(_ nanoseconds: UInt64) -> MonotonicTime { MonotonicTime(nanoseconds: nanoseconds) }

    @Test func `an answer finds its call once`() throws {
        let table = Clients<String>(limit: 10)
        let first = try #require(table.insert("a", deadline: nil))
        let second = try #require(table.insert("b", deadline: nil))
        #expect(first != 0 && second != 0 && first != second)
        #expect(table.remove(second) == "b")
        #expect(table.remove(second) == nil)
        #expect(table.remove(first) == "a")
        #expect(table.count == 0)
    }

    @Test func `a late answer does not reach the next call in the same slot`() throws {
        let table = Clients<String>(limit: 10)
        let old = try #require(table.insert("old", deadline: nil))
        #expect(table.remove(old) == "old")
        let new = try #require(table.insert("new", deadline: nil))
        #expect(table.remove(old) == nil)
        #expect(table.remove(new) == "new")
    }

    @Test func `ids that were never given are answered with nothing`() {
        let table = Clients<String>(limit: 10)
        for id in [0, 1, .max, 1 << 32, 0xffff_ffff] as [UInt64] { #expect(table.remove(id) == nil) }
    }

    @Test func `the limit admits exactly that many`() {
        let table = Clients<Int>(limit: 2)
        #expect(table.insert(1, deadline: nil) != nil)
        let second = table.insert(2, deadline: nil)
        #expect(table.insert(3, deadline: nil) == nil)
        #expect(second.flatMap { table.remove($0) } == 2)
        #expect(table.insert(3, deadline: nil) != nil)
    }

    @Test func `deadlines expire in time, once, and the bound is never late`() throws {
        let table = Clients<Int>(limit: 10)
        _ = table.insert(30, deadline: time(30))
        let early = try #require(table.insert(10, deadline: time(10)))
        _ = table.insert(0, deadline: nil)
        #expect(table.nextDeadline == time(10))
        #expect(table.expire(now: time(9)).isEmpty)
        let expired = table.expire(now: time(10))
        #expect(expired.map(\.call) == [10])
        #expect(expired.map(\.id) == [early])
        #expect(table.nextDeadline == time(30))
        #expect(table.expire(now: time(100)).map(\.call) == [30])
        #expect(table.nextDeadline == nil)
        #expect(table.removeAll() == [0])
        #expect(table.count == 0)
    }

    @Test func `a table used a hundred thousand times holds no more slots than calls at once`() throws {
        let table = Clients<Int>(limit: 4)
        var ids: Set<UInt64> = []
        for number in 0..<100_000 {
            let id = try #require(table.insert(number, deadline: nil))
            ids.insert(id)
            #expect(id & 0xffff_ffff == 0)
            #expect(table.remove(id) == number)
        }
        #expect(ids.count == 100_000)
    }

    @Test func `the server's table refuses a second call with an id and one too many`() {
        var table = ServerCallTable<Int>(limit: 2)
        #expect(table.admission(of: 5) == .admitted)
        #expect(table.insert(1, id: 5, deadline: nil) == nil)
        #expect(table.admission(of: 5) == .duplicate)
        #expect(table.admission(of: 0) == .duplicate)
        #expect(table.insert(2, id: 6, deadline: nil) == nil)
        #expect(table.admission(of: 7) == .overloaded)
        #expect(table.admission(of: 1) == .overloaded)
        #expect(table.remove(5) == 1)
        #expect(table.remove(5) == nil)
        #expect(table.remove(0) == nil && table.remove(.max) == nil)
        #expect(table.admission(of: 5) == .admitted)
    }

    @Test func `a slot that the peer uses again says that its earlier call was given up`() {
        var table = ServerCallTable<String>(limit: 1)
        let (first, second) = (UInt64(1) << 32, UInt64(2) << 32)
        #expect(table.insert("first", id: first, deadline: nil) == nil)
        #expect(table.admission(of: second) == .admitted)
        #expect(table.insert("second", id: second, deadline: nil) == "first")
        #expect(table.count == 1)
        #expect(table.remove(first) == nil)
        #expect(table.remove(second) == "second")
    }

    @Test func `a peer's slot number decides no allocation past the bound`() {
        var table = ServerCallTable<Int>(limit: 2)
        let last = UInt64(ServerCallTable<Int>.maximumSlots - 1)
        #expect(table.admission(of: last) == .admitted)
        #expect(table.admission(of: last + 1) == .overloaded)
        #expect(table.admission(of: 1 << 32 | 0xffff_ffff) == .overloaded)
        #expect(table.insert(1, id: last, deadline: nil) == nil)
        #expect(table.remove(last) == 1)
        #expect(ServerCallTable<Int>(limit: 1 << 17).admission(of: last + 1) == .admitted)
    }

    @Test func `the server's deadlines expire once`() {
        var table = ServerCallTable<Int>(limit: 5)
        _ = table.insert(1, id: 1, deadline: time(10))
        _ = table.insert(2, id: 2, deadline: time(20))
        _ = table.insert(3, id: 3, deadline: nil)
        #expect(table.nextDeadline == time(10))
        #expect(table.expire(now: time(5)).isEmpty)
        #expect(table.expire(now: time(15)).map(\.call) == [1])
        #expect(table.nextDeadline == time(20))
        #expect(table.removeAll().sorted() == [2, 3])
        #expect(table.count == 0 && table.nextDeadline == nil)
    }
}

/// The client's table behind a reference: the testing macros take no noncopyable values.
private final class Clients<Call> {
    private var table: ClientCallTable<Call>

    init(limit: Int) { table = ClientCallTable(limit: limit) }

    var count: Int { table.count }
    var nextDeadline: MonotonicTime? { table.nextDeadline }
    func insert(_ call: Call, deadline: MonotonicTime?) -> UInt64? { table.insert(call, deadline: deadline) }
    func remove(_ id: UInt64) -> Call? { table.remove(id) }
    func expire(now: MonotonicTime) -> [(id: UInt64, call: Call)] { table.expire(now: now) }
    func removeAll() -> [Call] { table.removeAll() }
}
