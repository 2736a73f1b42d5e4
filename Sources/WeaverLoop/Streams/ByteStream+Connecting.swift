internal import CUV
package import WeaverCore

extension ByteStream {
    /// Connects to `address`. The delegate hears ``ByteStreamDelegate/streamDidConnect(_:)``, or that the stream
    /// closed with an error, at the latest after `timeout`. What is written before goes out once connected, and
    /// ``startReading()`` takes effect then.
    package static func connect(
        to address: SocketAddress, loop: EventLoop, timeout: Duration, delegate: any ByteStreamDelegate
    ) throws(UVError) -> ByteStream {
        let isPipe = if case .unix = address.kind { true } else { false }
        let stream = try ByteStream(loop: loop, pipe: isPipe, connected: false)
        do throws(UVError) {
            try stream.startConnecting(to: address)
            let me = BackReference<ByteStream>()
            let timer = try LoopTimer(loop: loop) {
                me.object?.fail(UVError(code: WEAVER_UV_ETIMEDOUT, operation: "connecting to \(address)"))
            }
            me.object = stream
            timer.arm(after: timeout)
            stream.connecting = (address, timer)
        } catch {
            stream.close()
            throw error
        }
        stream.delegate = delegate
        return stream
    }

    private func startConnecting(to address: SocketAddress) throws(UVError) {
        if case .unix(let path) = address.kind { try SockAddr.checkPath(path) }
        let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
        unsafe request.pointee.data = unsafe Unmanaged.passRetained(self).toOpaque()
        let done: uv_connect_cb = { request, status in
            guard let request = unsafe request else { return }
            let stream = unsafe Unmanaged<ByteStream>.fromOpaque(request.pointee.data).takeRetainedValue()
            unsafe request.deallocate()
            stream.connected(status)
        }
        do throws(UVError) {
            switch address.kind {
            case .unix(let path): unsafe uv_pipe_connect(request, pointer(), path, done)  // fails only in `done`
            case .ip:
                unsafe try SockAddr.with(address) { (socketAddress, _) throws(UVError) in
                    unsafe try check(
                        uv_tcp_connect(request, pointer(), socketAddress, done), "connecting to \(address)")
                }
            }
        } catch {
            unsafe Unmanaged<ByteStream>.fromOpaque(request.pointee.data).release()
            unsafe request.deallocate()
            throw error
        }
    }

    private func connected(_ status: Int32) {
        loop.stall.workBegan()
        let address = connecting?.address
        abandonConnecting()
        guard isOpen else { return }
        guard status == 0 else {
            return fail(UVError(code: status, operation: "connecting to \(address?.description ?? "a peer")"))
        }
        isConnected = true
        setNoDelay()
        if isReading { beginReading() }
        observer?.streamDidConnect(self)
        if !queue.value.isEmpty { scheduleFlush() }
        endIfFlushed()
    }

    /// Ends the timer of a connection that stands, or is wanted no more.
    func abandonConnecting() {
        connecting?.timer.close()
        connecting = nil
    }
}
