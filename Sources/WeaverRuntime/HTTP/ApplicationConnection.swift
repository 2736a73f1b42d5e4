internal import HTTPTypes
internal import WeaverCore
internal import WeaverLoop

/// One client of an application: makes an exchange and a task of each request. On the loop's thread.
final class ApplicationConnection: HTTPConnectionHandler {
    private unowned let connection: HTTPServerConnection
    private let application: Application
    private var current: ApplicationExchange?

    init(connection: HTTPServerConnection, application: Application) {
        self.connection = connection
        self.application = application
    }

    func requestDidBegin(_ head: borrowing RequestHead, in bytes: RawSpan) {
        let request = HTTPRequest(head, in: bytes)
        let exchange = ApplicationExchange(
            connection: connection, application: application, request: request, head: head, in: bytes)
        current = exchange
        exchange.start(request)
    }

    func requestDidReceive(_ body: RawSpan) {
        if current?.receive(body) == false { connection.pauseBody() }
    }

    func requestDidEnd(trailers: TrailerSection?) {
        current?.endBody()
    }

    func tunnelDidReceive(_ bytes: RawSpan) {
        current?.tunnel?.received(bytes)
    }

    func tunnelDidEnd() {
        current?.tunnel?.clientEnded()
    }

    func tunnelWillBeCut() {
        current?.tunnel?.serverDrains()
    }

    func clientDidDrain() {
        current?.roomForMore()
    }

    func clientDidClose() {
        current?.clientGone()
        current = nil
    }

    func deadlineDidPass() {}

    var bufferedBytes: Int { current?.bufferedBytes ?? 0 }
}

extension HTTPRequest {
    /// The request of a parsed head: Host becomes the authority, an absolute target its path.
    init(_ head: borrowing RequestHead, in bytes: RawSpan) {
        func text(_ range: ByteRange) -> String {
            unsafe bytes.extracting(range.range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
        var path = text(head.target.path)
        if head.target.form == .absolute, !path.hasPrefix("/") { path = "/" + path }
        self.init(
            method: Method(text(head.methodName)) ?? .get, scheme: "http",
            authority: head.authority.map(text), path: path)
        for field in head.section.fields where field.known != .host {
            guard let name = HTTPField.Name(text(field.name)) else { continue }
            let value = unsafe bytes.extracting(field.value.range).withUnsafeBytes { unsafe [UInt8]($0) }
            headerFields.append(HTTPField(name: name, value: value))
        }
    }
}
