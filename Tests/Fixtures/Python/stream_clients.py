"""Clients of the streams of `UnrulyApp`: stream_clients.py NAME PORT runs one of them, which prints "NAME: done".

PORT is that of a proxy in front of one replica.
"""

import asyncio
import http.client
import socket
import subprocess
import sys
import time


def ask(path):
    """The body of an ordinary answer, over a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def counts():
    written, read, gone = map(int, ask("/stage/counts").split())
    return {"written": written, "read": read, "gone": gone}


def eventually(what, condition):
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"not in time: {what}")


def settled(name):
    """A count that has stopped growing."""
    last = -1
    while (now := counts()[name]) != last:
        last = now
        time.sleep(0.2)
    return last


def say(line, listeners=1):
    eventually(f"{listeners} that listen to {line}", lambda: ask(f"/stage/say?{line}") == str(listeners))


def events(port):
    """Each event has come before the next one is caused, with http.client and with curl -N."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/stage/events")
    stream = connection.getresponse()
    assert stream.getheader("Content-Type") == "text/event-stream"
    for turn in range(50):
        assert ask(f"/stage/say?{turn}") == "1"
        assert stream.readline() == b"data: %d\n" % turn and stream.readline() == b"\n"
    curl = subprocess.Popen(
        ["curl", "-sSN", "--max-time", "30", f"http://127.0.0.1:{port}/stage/events"], stdout=subprocess.PIPE)
    # curl hears it once: when it is one of two.
    say("both", 2)
    assert curl.stdout.readline() == b"data: both\n" and curl.stdout.readline() == b"\n"
    for turn in range(50):
        ask(f"/stage/say?{turn}")
        assert curl.stdout.readline() == b"data: %d\n" % turn and curl.stdout.readline() == b"\n"
    ask("/stage/say?end")
    assert curl.wait(20) == 0 and curl.stdout.read() == b""


def silence(port):
    """A stream in which nothing comes for longer than the proxy's bounds on requests goes on."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/stage/events")
    stream = connection.getresponse()
    time.sleep(1.5)
    ask("/stage/say?late")
    assert stream.readline() == b"data: late\n" and stream.readline() == b"\n"
    ask("/stage/say?end")
    assert stream.read() == b""


def broken(port):
    """What the handler throws in the middle is a response that was cut, to curl and to http.client."""
    url = f"http://127.0.0.1:{port}/stage/events"
    for version, codes in (("--http1.1", (18, 56)), ("--http1.0", (18, 56))):
        curl = subprocess.Popen(["curl", "-sSN", "--max-time", "30", version, url], stdout=subprocess.PIPE)
        say("part")
        assert curl.stdout.readline() == b"data: part\n"
        assert ask("/stage/say?throw") == "1"
        assert curl.wait(20) in codes, curl.returncode
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/stage/events")
    stream = connection.getresponse()
    ask("/stage/say?throw")
    try:
        stream.read()
        raise AssertionError("a whole response")
    except (http.client.IncompleteRead, ConnectionResetError):
        pass


def slow(port):
    """A client that does not read holds the handler back, and one that goes away ends it."""
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(b"GET /stage/pour HTTP/1.1\r\nHost: a\r\n\r\n")
    eventually("the first bytes", lambda: counts()["written"] > 0)
    written = settled("written")
    # What the kernel's buffers of two connections and the queues of two processes hold.
    assert written < 64 << 20, written
    taken = 0
    while taken < 2 * written:
        taken += len(client.recv(1 << 20))
    assert counts()["written"] > written
    gone = counts()["gone"]
    client.close()
    eventually("an end of the handler", lambda: counts()["gone"] == gone + 1)
    # So does a client that leaves while the handler writes now and then.
    curl = subprocess.Popen(
        ["curl", "-sSN", f"http://127.0.0.1:{port}/stage/events"], stdout=subprocess.PIPE)
    say("here")
    assert curl.stdout.readline() == b"data: here\n"
    curl.kill()
    curl.wait(20)
    eventually("an end of that one", lambda: ask("/stage/say?still") and counts()["gone"] == gone + 2)


def upload(port):
    """The client is asked for its body when the handler reads, and held back while it does not."""
    size = 128 << 20
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(
        b"POST /stage/swallow HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % size)
    for _ in range(5):
        counts()
    client.setblocking(False)
    try:
        raise AssertionError(client.recv(1))
    except BlockingIOError:
        pass
    client.settimeout(20)
    say("go")
    stream = client.makefile("rb")
    assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"
    while stream.readline() != b"\r\n":
        pass
    client.settimeout(1)
    sent, piece = 0, b"u" * (1 << 20)
    try:
        while sent < size:
            sent += client.send(piece[:size - sent])
    except TimeoutError:
        pass
    assert 0 < sent < size // 2, sent
    assert 0 < counts()["read"] <= 1 << 20
    say("go")
    client.settimeout(20)
    while sent < size:
        sent += client.send(piece[:size - sent])
    assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
    while (line := stream.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    assert stream.read(length) == b"%d" % size
    assert counts()["read"] == size


def tunnel(port):
    """Another protocol, both ways, each of which ends by itself."""
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(
        b"GET /stage/tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: other, echo\r\n\r\nfirst")
    stream = client.makefile("rb")
    assert stream.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
    fields = set()
    while (line := stream.readline().strip().lower()):
        fields.add(line)
    assert b"upgrade: echo" in fields and b"connection: upgrade" in fields, fields
    assert stream.read(5) == b"first"
    for turn in range(50):
        client.sendall(b"%d," % turn)
        assert stream.read(len(b"%d," % turn)) == b"%d," % turn
    client.shutdown(socket.SHUT_WR)
    assert stream.read() == b"end"
    refused = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    refused.request("GET", "/stage/tunnel")
    answer = refused.getresponse()
    assert (answer.status, answer.getheader("Upgrade")) == (426, "echo"), answer.status


def websocket(port):
    """The `websockets` package opens, sends, pings and closes, and sees each way in which the other side does."""
    import websockets

    def connect(**options):
        return websockets.connect(f"ws://127.0.0.1:{port}/stage/socket", max_size=None, **options)

    async def echo():
        async with connect(subprotocols=["other", "stage"]) as client:
            assert client.subprotocol == "stage"
            for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
                for message in ("t" * size, b"\x00\xff" * (size // 2)):
                    await client.send(message)
                    assert await asyncio.wait_for(client.recv(), 20) == message, size
            await client.send(["in ", "three ", "parts"])
            assert await asyncio.wait_for(client.recv(), 20) == "in three parts"
            await asyncio.wait_for(await client.ping(b"content"), 20)
            await client.close(4000, "done")
            assert client.close_code == 4000

    async def ends(message, code):
        async with connect() as client:
            await client.send(message)
            try:
                raise AssertionError(await asyncio.wait_for(client.recv(), 20))
            except websockets.ConnectionClosed as closed:
                assert closed.rcvd.code == code, closed

    async def run():
        await echo()
        await ends("close", 1000)
        await ends("throw", 1011)
        await ends(b"x" * ((1 << 20) + 1), 1009)
        await asyncio.gather(*(echo() for _ in range(8)))

    asyncio.run(run())
    plain = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    plain.request("GET", "/stage/socket")
    answer = plain.getresponse()
    fields = [answer.getheader(name) for name in ("Upgrade", "Sec-WebSocket-Version")]
    assert (answer.status, fields) == (426, ["websocket", "13"]), (answer.status, fields)


def farewell(port):
    """A server that ends tells so: "open" is printed when a test may end it."""
    import websockets

    async def run():
        async with websockets.connect(f"ws://127.0.0.1:{port}/stage/socket") as client:
            await client.send("here")
            assert await asyncio.wait_for(client.recv(), 20) == "here"
            print("open", flush=True)
            try:
                raise AssertionError(await asyncio.wait_for(client.recv(), 20))
            except websockets.ConnectionClosed as closed:
                assert closed.rcvd.code == 1001, closed

    asyncio.run(run())


def comeback(port):
    """A stream whose replica is replaced ends in order, and whoever comes back gets another one: "open" is printed when a
    test may replace it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/stage/events")
    stream = connection.getresponse()
    say("here")
    assert stream.readline() == b"data: here\n" and stream.readline() == b"\n"
    print("open", flush=True)
    # Raises for a body that was cut.
    rest = stream.read()
    assert rest == b"event: drain\n\n", rest
    events(port)


def parts(port):
    """An answer of `weavelet.py` in two parts: "open" is printed behind the first one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/parts")
    answer = connection.getresponse()
    assert answer.read(4) == b"one "
    print("open", flush=True)
    assert answer.read() == b"two\r\n"


CLIENTS = {f.__name__: f for f in (events, silence, broken, slow, upload, tunnel, websocket, farewell, comeback, parts)}
NAME, PORT = sys.argv[1], int(sys.argv[2])
CLIENTS[NAME](PORT)
print(f"{NAME}: done")
