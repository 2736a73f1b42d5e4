"""Clients for the tests of `weaver proxy`: clients.py NAME PORT WEAVER runs one of them, which prints "NAME: done".

PORT is that of a proxy in front of `backend.py`; WEAVER is the program, for those that need another proxy.
"""

import asyncio
import http.client
import socket
import sys


def keepalive(port):
    """Requests of every kind on one connection of http.client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.connect()
    used = connection.sock
    for turn in range(50):
        connection.request("GET", f"/bytes/{turn * 100}")
        response = connection.getresponse()
        assert (response.status, len(response.read())) == (200, turn * 100)
        connection.request("POST", "/echo", body=b"a" * turn)
        assert connection.getresponse().read() == b"a" * turn
        connection.request("PUT", "/echo", body=iter([b"b" * turn, b"", b"c"]), encode_chunked=True)
        assert connection.getresponse().read() == b"b" * turn + b"c"
        connection.request("HEAD", "/bytes/7")
        response = connection.getresponse()
        assert (response.read(), response.getheader("Content-Length")) == (b"", "7")
        connection.request("GET", "/chunks/2")
        assert connection.getresponse().read() == b"c" * 2000
        assert connection.sock is used, "the connection was not kept"


def pipelining(port):
    """Requests that are sent before the responses to those in front of them have come, over a raw socket."""
    count = 40
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        requests = b""
        for turn in range(count):
            if turn % 2:
                body = b"%d" % turn
                requests += b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            else:
                requests += b"GET /bytes/%d HTTP/1.1\r\nHost: a\r\n\r\n" % turn
        client.sendall(requests)
        stream = client.makefile("rb")
        for turn in range(count):
            assert stream.readline().startswith(b"HTTP/1.1 200 "), turn
            length = None
            while (line := stream.readline().strip()):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            expected = b"%d" % turn if turn % 2 else b"x" * turn
            assert stream.read(length) == expected, turn


def websockets(port):
    """Messages of every size, echoed through a tunnel by the `websockets` package on both ends."""
    import websockets as package

    async def run():
        async def echo(socket, *_):
            async for message in socket:
                await socket.send(message)

        # The proxy's only backend speaks HTTP; this one, behind a second proxy, speaks WebSocket.
        async with package.serve(echo, "127.0.0.1", 0, max_size=None) as server:
            backend = server.sockets[0].getsockname()[1]
            proxy = await asyncio.create_subprocess_exec(
                WEAVER, "proxy", "--listen", "127.0.0.1:0", "--backend", f"127.0.0.1:{backend}",
                stdout=asyncio.subprocess.PIPE)
            try:
                line = await asyncio.wait_for(proxy.stdout.readline(), 20)
                port = int(line.rsplit(b":", 1)[1])
                async with package.connect(f"ws://127.0.0.1:{port}/chat", max_size=None) as client:
                    for size in (0, 1, 125, 126, 65535, 65536, 3_000_000):
                        for message in ("t" * size, b"\x00\xff" * (size // 2)):
                            await client.send(message)
                            assert await asyncio.wait_for(client.recv(), 20) == message, size
                    pong = await client.ping()
                    await asyncio.wait_for(pong, 20)
            finally:
                proxy.terminate()
                assert await asyncio.wait_for(proxy.wait(), 20) == 0

    asyncio.run(run())


NAME, PORT, WEAVER = sys.argv[1:]
{"keepalive": keepalive, "pipelining": pipelining, "websockets": websockets}[NAME](int(PORT))
print(f"{NAME}: done")
