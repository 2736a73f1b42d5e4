#!/usr/bin/env python3
"""A weavelet in another language: written from docs/protocol.md and weaver.proto alone.

It hosts one component, main, which exports a listener named "hello" and answers requests on it. Besides Python's standard
library it needs the protobuf package, and weaver_pb2.py next to it: protoc --python_out=. weaver.proto
"""

import http.server
import os
import signal
import socket
import struct
import sys
import threading
import time

import weaver_pb2 as weaver

PROTOCOL = 1
VERSION = "python-weavelet-1"
LONGEST_MESSAGE = 64 << 20  # of the framing, in bytes
DRAIN_SECONDS = 10  # for requests in flight when it ends
QUIET_SECONDS = 0.3  # without a request, after the deployer was told that this replica leaves
ORPHAN_SECONDS = 5  # a process's pipes are closed a moment before its children have another parent


def describe(descriptor):
    """What `weaver` asks before it deploys: written, without a length, to the descriptor that WEAVER_DESCRIBE names."""
    answer = weaver.Descriptor(protocol_min=PROTOCOL, protocol_max=PROTOCOL, version=VERSION)
    main = answer.components.add(name="main", implementation="Hello", location="weavelet.py:1")
    main.listeners.append("hello")
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(answer.SerializeToString())


class Envelope:
    """This side of the two pipes: framing, numbers of requests, and who waits for which answer."""

    def __init__(self, read_descriptor, write_descriptor):
        self.reader = os.fdopen(read_descriptor, "rb")
        self.writer = os.fdopen(write_descriptor, "wb", buffering=0)
        self.lock = threading.Lock()
        self.last_request = 0
        self.waiting = {}

    def receive(self):
        """The next message; None when the deployer is gone."""
        head = self.reader.read(4)
        if len(head) < 4:
            return None
        (length,) = struct.unpack("<I", head)
        if length > LONGEST_MESSAGE:
            raise ValueError(f"a message of {length} bytes")
        body = self.reader.read(length)
        return weaver.EnvelopeMessage.FromString(body) if len(body) == length else None

    def send(self, message):
        body = message.SerializeToString()
        with self.lock:
            rest = memoryview(struct.pack("<I", len(body)) + body)
            while rest:
                rest = rest[self.writer.write(rest) :]

    def reply(self, request, **kind):
        self.send(weaver.WeaveletMessage(id=-request.id, **kind))

    def ask(self, **kind):
        """Sends a request and waits for its answer. Not from the thread that receives."""
        answered = threading.Event()
        with self.lock:
            self.last_request += 1
            number = self.last_request
            self.waiting[number] = [answered, None]
        self.send(weaver.WeaveletMessage(id=number, **kind))
        answered.wait()
        answer = self.waiting.pop(number)[1]
        if answer.WhichOneof("kind") == "refused":
            raise RuntimeError(answer.refused.message)
        return answer

    def answered(self, message):
        entry = self.waiting.get(-message.id)
        if entry:
            entry[1] = message
            entry[0].set()

    def log(self, text, level=weaver.LogEntry.INFO, **attributes):
        entry = weaver.LogEntry(
            time_microseconds=time.time_ns() // 1000, level=level, component="main", message=text, attributes=attributes
        )
        self.send(weaver.WeaveletMessage(log_batch=weaver.LogBatch(entries=[entry])))


class Hello(http.server.BaseHTTPRequestHandler):
    """The application: it says who answers."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.count(+1)
        try:
            self.say_hello()
        finally:
            self.server.count(-1)

    def say_hello(self):
        if self.path.startswith("/parts"):
            return self.say_it_in_two_parts()
        name = self.path.rsplit("=", 1)[-1] if "=" in self.path else "you"
        body = f"hello {name} from python {self.server.replica}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.envelope.log("said hello", name=name)

    def say_it_in_two_parts(self):
        """The second part when there is a file "gate" in the working folder."""
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"one ")
        while not os.path.exists("gate"):
            time.sleep(0.01)
        self.wfile.write(b"two\r\n")

    def log_message(self, format, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, envelope, replica):
        super().__init__(address, Hello)
        self.envelope = envelope
        self.replica = replica
        self.lock = threading.Lock()
        self.in_flight = 0
        self.last_end = time.monotonic()

    def count(self, change):
        with self.lock:
            self.in_flight += change
            self.last_end = time.monotonic()

    def finish(self):
        """Waits until nothing is in flight, and nothing that the proxy sent meanwhile can still be on its way."""
        patience = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < patience:
            with self.lock:
                if self.in_flight == 0 and time.monotonic() - self.last_end > QUIET_SECONDS:
                    return
            time.sleep(0.01)


class Weavelet:
    def __init__(self, envelope):
        self.envelope = envelope
        self.parent = os.getppid()
        self.setup = None
        self.server = None

    def run(self):
        while True:
            message = self.envelope.receive()
            if message is None:
                return self.orphaned()
            kind = message.WhichOneof("kind")
            if message.id < 0:
                self.envelope.answered(message)
            elif kind == "setup":
                if not self.set_up(message):
                    return 1
            elif kind == "components_to_start":
                # Starting asks the deployer for an address, so it must not keep this thread from receiving.
                threading.Thread(target=self.start, args=(message,), daemon=True).start()
            elif kind == "health_check":
                self.envelope.reply(message, health=weaver.Health())
            elif kind == "drain":
                # Health is asked for meanwhile.
                threading.Thread(target=self.drain, args=(message,), daemon=True).start()
            elif kind == "shutdown":
                return 0
            elif message.id > 0:
                self.envelope.reply(message, refused=weaver.Refused(message=f"a request of an unknown kind ({kind})"))

    def set_up(self, message):
        setup = message.setup
        if not setup.protocol_min <= PROTOCOL <= setup.protocol_max:
            self.envelope.reply(
                message, refused=weaver.Refused(message=f"this weavelet speaks protocol {PROTOCOL}: upgrade one of us")
            )
            return False
        self.setup = setup
        # Where component calls would come in: nothing calls main, so whoever connects is turned away.
        calls = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=turn_away, args=(calls,), daemon=True).start()
        self.envelope.reply(
            message,
            info=weaver.WeaveletInfo(
                protocol=PROTOCOL, rpc_address="127.0.0.1:%d" % calls.getsockname()[1], pid=os.getpid(), version=VERSION
            ),
        )
        return True

    def start(self, message):
        if list(message.components_to_start.components) != ["main"]:
            return self.envelope.reply(message, refused=weaver.Refused(message="there is only main here"))
        try:
            wanted = self.envelope.ask(get_address=weaver.GetAddress(listener="hello")).address.address
            host, port = wanted.rsplit(":", 1)
            self.server = Server((host, int(port)), self.envelope, self.setup.replica_id[:8])
            threading.Thread(target=self.server.serve_forever, daemon=True).start()
            address = "%s:%d" % self.server.server_address[:2]
            exported = self.envelope.ask(export_listener=weaver.ExportListener(listener="hello", address=address))
            self.envelope.log("listening", proxy=exported.listener_exported.proxy_address)
            self.envelope.reply(message, done=weaver.Done())
        except Exception as error:  # whatever it was, the deployer has to hear of it
            self.envelope.reply(message, refused=weaver.Refused(message=f"main did not start: {error}"))

    def drain(self, message):
        """No component calls come in here, and the proxy sends no more requests: those that it has sent are answered."""
        self.envelope.log("draining")
        if self.server:
            self.server.finish()
        self.envelope.reply(message, done=weaver.Done())

    def orphaned(self):
        """The deployer has closed the pipe. When it is gone, what it can no longer remove is removed."""
        patience = time.monotonic() + ORPHAN_SECONDS
        while os.getppid() == self.parent:
            if time.monotonic() > patience:
                return 1
            time.sleep(0.01)
        status_socket = os.environ.get("WEAVER_DEPLOYMENT_SOCKET")
        paths = [os.environ.get("WEAVER_DEPLOYMENT_FILE")]
        folder = os.path.dirname(status_socket) if status_socket else None
        if folder and os.path.basename(folder).startswith("weaver-") and os.path.isdir(folder):
            paths += [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".sock")]
        for path in filter(None, paths):
            try:
                os.unlink(path)
            except OSError:
                pass
        if folder and os.path.basename(folder).startswith("weaver-"):
            try:
                os.rmdir(folder)
            except OSError:
                pass
        return 1

    def leave(self, *_):
        """A signal asks for the end: the deployer hears of it, and takes this replica out of use meanwhile."""
        threading.Thread(target=self.finish, daemon=True).start()

    def finish(self):
        self.envelope.send(weaver.WeaveletMessage(leaving=weaver.Leaving(completed=False)))
        if self.server:
            self.server.finish()
        os._exit(0)


def turn_away(listener):
    while True:
        connection, _ = listener.accept()
        connection.close()


def main():
    if "WEAVER_DESCRIBE" in os.environ:
        return describe(int(os.environ["WEAVER_DESCRIBE"]))
    try:
        read_descriptor = int(os.environ["WEAVER_ENVELOPE_TO_WEAVELET_FD"])
        write_descriptor = int(os.environ["WEAVER_WEAVELET_TO_ENVELOPE_FD"])
    except KeyError:
        sys.exit("this is deployed by `weaver multi deploy`")
    weavelet = Weavelet(Envelope(read_descriptor, write_descriptor))
    signal.signal(signal.SIGTERM, weavelet.leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    code = weavelet.run()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
