internal import CUV

extension ByteStream {
    /// Begins, or goes on, to read; once connected, when the stream is not yet.
    package func startReading() {
        checkThread("startReading")
        guard isOpen, !isReading else { return }
        isReading = true
        if isConnected { beginReading() }
    }

    /// Reads nothing more until ``startReading()``: the peer is held back by the kernel's buffers.
    package func pauseReading() {
        checkThread("pauseReading")
        guard isOpen, isReading else { return }
        isReading = false
        unsafe uv_read_stop(stream)
    }

    func beginReading() {
        let code = unsafe uv_read_start(
            stream,
            { handle, _, buffer in
                let stream: ByteStream = unsafe UVHandle.of(handle?.pointee.data)
                unsafe buffer?.pointee = unsafe stream.memoryForReading()
            },
            { handle, count, _ in
                let stream: ByteStream = unsafe UVHandle.of(handle?.pointee.data)
                stream.didRead(count)
            })
        if code < 0 { fail(UVError(code: code, operation: "reading")) }
    }

    /// libuv asks for it directly before each read, and reports that read directly after.
    private func memoryForReading() -> uv_buf_t {
        // Without memory libuv does not read, and reports just that there is something to be read.
        if splice != nil { return unsafe uv_buf_init(nil, 0) }
        unsafe readDestination = unsafe observer?.streamReadDestination(self)
        let memory = unsafe readDestination ?? loop.readBuffer
        return unsafe uv_buf_init(
            memory.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(clamping: min(memory.count, readsAtMost)))
    }

    private func didRead(_ count: Int) {
        let ownMemory = unsafe readDestination != nil
        unsafe readDestination = nil
        guard isOpen else { return }
        loop.stall.workBegan()
        if let splice, count == Int(WEAVER_UV_ENOBUFS) { return splice.sourceIsReadable() }
        if count > 0 {
            if ownMemory {
                observer?.stream(self, didReadIntoDestination: count)
            } else if let start = unsafe loop.readBuffer.baseAddress {
                let bytes = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(start), byteCount: count)
                observer?.stream(self, didRead: bytes)
            }
        } else if count == Int(WEAVER_UV_EOF) {
            isReading = false
            unsafe uv_read_stop(stream)
            // Behind data libuv takes a reset for an end: what was cut would pass for complete.
            let error = descriptor.map(weaver_socket_error) ?? 0
            guard error == 0 else {
                return fail(UVError(code: uv_translate_sys_error(error), operation: "reading"))
            }
            observer?.streamDidReachEnd(self)
        } else if count < 0 {
            fail(UVError(code: Int32(count), operation: "reading"))
        }
    }
}
