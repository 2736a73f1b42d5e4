"""Crowds of clients for the tests of `weaver proxy`: crowds.py NAME WEAVER runs one of them, which prints what it saw.

Each starts a backend and a proxy of its own, and looks at the proxy's process from outside: open files and resident memory.
"""

import asyncio
import os
import resource
import socket
import struct
import sys

LIMIT = 20
BODY = b"0123456789"
KIBIBYTE = 1024


async def backend(reader, writer):
    """Answers by the path, as its name says."""
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ")[1]
            if path == b"/ok":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            elif path == b"/echo":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY))
                writer.write(await reader.readexactly(len(BODY)))
            elif path == b"/drip":
                body = await reader.readexactly(len(BODY))
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + body:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0)
            elif path == b"/upgrade":
                writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
                while part := await reader.read(1 << 16):
                    writer.write(part)
                    await writer.drain()
                break
            elif path == b"/stream":
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                await reader.read()
                break
            elif path in (b"/big", b"/medium"):
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for _ in range(100 if path == b"/big" else 2):
                    writer.write(b"10000\r\n" + b"b" * 0x10000 + b"\r\n")
                    await writer.drain()
                writer.write(b"0\r\n\r\n")
            else:  # /never
                await reader.read()
                break
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


class Proxy:
    """`weaver proxy` in front of `backend`."""

    async def __aenter__(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.server = await asyncio.start_server(backend, "127.0.0.1", 0, backlog=4096)
        self.process = await asyncio.create_subprocess_exec(
            WEAVER, "proxy", "--listen", "127.0.0.1:0", "--backend-idle-timeout", "200ms",
            "--backend", "127.0.0.1:%d" % self.server.sockets[0].getsockname()[1], stdout=asyncio.subprocess.PIPE)
        line = await asyncio.wait_for(self.process.stdout.readline(), LIMIT)
        self.port = int(line.rsplit(b":", 1)[1])
        self.base = 0
        # What the first request needs for ever is no part of the measurements.
        client = await self.client(b"GET /ok", until=b"ok")
        client[1].close()
        await self.settle()
        self.base = self.files()
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self.server.close()

    def files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self):
        with open(f"/proc/{self.process.pid}/statm") as text:
            return int(text.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    async def settle(self):
        """Waits until no connection is left, and gives the number of open files."""
        before, calm = -1, 0
        for _ in range(LIMIT * 20):
            now = self.files()
            if now == self.base:
                return now
            calm = calm + 1 if now == before else 0
            if not self.base and calm == 10:
                return now
            before = now
            await asyncio.sleep(0.05)
        return now

    async def connect(self):
        return await asyncio.wait_for(asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20), LIMIT)

    async def client(self, request, fields=b"", body=b"", until=None):
        reader, writer = await self.connect()
        writer.write(request + b" HTTP/1.1\r\nHost: crowd\r\n" + fields + b"\r\n" + body)
        if until:
            await asyncio.wait_for(reader.readuntil(until), LIMIT)
        return reader, writer


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def flood():
    """Clients of every kind come at once, and leave in every way: each open file of the proxy is given back."""
    upgrade = b"Connection: upgrade\r\nUpgrade: echo\r\n"
    length = b"Content-Length: 10\r\n"

    async def one(proxy, turn):
        kind = turn % 9
        if kind == 0:
            _, writer = await proxy.connect()
        elif kind == 1:
            _, writer = await proxy.connect()
            writer.write(b"GET /ok HTT")
        elif kind == 2:
            _, writer = await proxy.client(b"POST /echo", length, BODY[:3])
        elif kind == 3:
            _, writer = await proxy.client(b"GET /ok", until=b"ok")
        elif kind == 4:
            _, writer = await proxy.client(b"GET /never")
        elif kind == 5:
            _, writer = await proxy.client(b"GET /stream", until=b"first")
        elif kind == 6:
            _, writer = await proxy.client(b"GET /upgrade", upgrade, until=b"\r\n\r\n")
        elif kind == 7:
            _, writer = await proxy.client(b"GET /big")
        else:
            _, writer = await proxy.client(b"GET /ok", body=b"GET /ok HTTP/1.1\r\nHost: crowd\r\n\r\n" * 20)
        await writer.drain()
        return writer

    async with Proxy() as proxy:
        for wave in range(3):
            writers = await asyncio.gather(*(one(proxy, turn) for turn in range(450)))
            most = proxy.files()
            assert most > proxy.base + 400, most
            for turn, writer in enumerate(writers):
                reset(writer) if turn // 9 % 2 else writer.close()
            left = await proxy.settle()
            assert left == proxy.base, f"wave {wave}: {left} open files of {most}, {proxy.base} before"


async def idle():
    """Connections that wait cost at most 16 KiB each, whatever they carried before, and so does each side of a tunnel."""
    upgrade = b"Connection: upgrade\r\nUpgrade: echo\r\n"
    large = b"Content-Length: 10\r\nX-Large: " + b"l" * 30_000 + b"\r\n"
    for name, count, sides, request in (
        ("small", 1000, 1, (b"GET /ok", b"", b"", b"ok")),
        ("medium", 300, 1, (b"GET /medium", b"", b"", b"\r\n0\r\n\r\n")),
        ("large head", 300, 1, (b"POST /echo", large, BODY, BODY)),
        ("tunnel", 300, 2, (b"GET /upgrade", upgrade, b"!" * 100_000 + b"?", b"!?")),
    ):
        async with Proxy() as proxy:
            before = proxy.resident()
            kept = []
            for turn in range(count):
                kept.append(await proxy.client(*request))
                # What is kept for the next request is given back, to be used by others, four times a second.
                if turn % 20 == 19:
                    await asyncio.sleep(0.3)
            each = (proxy.resident() - before) / count
            print(f"{name}: {each / KIBIBYTE:.1f} KiB each", file=sys.stderr)
            assert each <= sides * 16 * KIBIBYTE, f"{name}: {each} bytes each"
            for _, writer in kept:
                writer.close()
            assert await proxy.settle() == proxy.base


async def drip():
    """Clients and a backend that write single bytes: all are answered, others as well, and memory stays."""
    request = b"POST /drip HTTP/1.1\r\nHost: crowd\r\nContent-Length: 10\r\n\r\n" + BODY
    async with Proxy() as proxy:
        before = proxy.resident()
        clients = [await proxy.connect() for _ in range(200)]
        for _, writer in clients:
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            for _, writer in clients:
                writer.write(bytes([byte]))
            _, bystander = await proxy.client(b"GET /ok", until=b"ok")
            bystander.close()
        for reader, _ in clients:
            answer = await asyncio.wait_for(reader.readuntil(BODY), LIMIT)
            assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
        # Each has a connection to the backend as well.
        each = (proxy.resident() - before) / len(clients)
        print(f"drip: {each / KIBIBYTE:.1f} KiB each", file=sys.stderr)
        assert each <= 2 * 16 * KIBIBYTE, f"{each} bytes each"


async def deaf():
    """Clients that do not read hold their backends back: memory is bounded, and others are served."""
    async with Proxy() as proxy:
        before = proxy.resident()
        clients = []
        for _ in range(100):
            reader, writer = await proxy.client(b"GET /big")
            writer.transport.pause_reading()
            clients.append(writer)
        for _ in range(100):
            _, bystander = await proxy.client(b"GET /ok", until=b"ok")
            bystander.close()
            await asyncio.sleep(0.01)
        each = (proxy.resident() - before) / len(clients)
        print(f"deaf: {each / KIBIBYTE:.1f} KiB each", file=sys.stderr)
        # What waits for a client: 256 KiB and one read of 128 KiB; and what the allocator does not give back.
        assert each <= 512 * KIBIBYTE, f"{each} bytes each"
        for writer in clients:
            reset(writer)
        assert await proxy.settle() == proxy.base


NAME, WEAVER = sys.argv[1:]
asyncio.run({"flood": flood, "idle": idle, "drip": drip, "deaf": deaf}[NAME]())
print(f"{NAME}: done")
