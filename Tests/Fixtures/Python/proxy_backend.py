"""A backend for the tests of `weaver proxy`: it prints its port, and answers by the request's path.

    /echo        200 with the request's body, framed as the request was
    /head        200 with the request line and fields as it got them
    /bytes/N     200 with N bytes
    /chunks/N    200 with N chunks of 1000 bytes and a trailer
    /close/N     200 with N bytes, delimited by the connection's end
    /status/N    the status N without a body
    /slow        200 after the milliseconds that the query names
    /reject      413 without reading the body, and the connection's end
"""

import http.server
import socketserver
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    # Head and body are two writes.
    disable_nagle_algorithm = True

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.trailers = []
            while (line := self.rfile.readline().strip()):
                self.trailers.append(line)
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status, body, fields=()):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle_any(self):
        path, _, query = self.path.partition("?")
        name, _, count = path[1:].partition("/")
        if name == "reject":
            # Without a look at the body: with Expect: 100-continue it never comes.
            self.answer(413, b"no\n")
            self.close_connection = True
            return
        body = self.body()
        if name == "echo":
            trailers = [("X-Trailer-Seen", line.decode()) for line in getattr(self, "trailers", [])]
            self.answer(200, body, trailers)
        elif name == "head":
            lines = [self.requestline] + [f"{key}: {value}" for key, value in self.headers.items()]
            self.answer(200, "\n".join(lines).encode() + b"\n")
        elif name == "bytes":
            self.answer(200, b"x" * int(count))
        elif name == "chunks":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.send_header("Trailer", "X-Sum")
            self.end_headers()
            if self.command != "HEAD":
                for _ in range(int(count)):
                    self.wfile.write(b"3e8\r\n" + b"c" * 1000 + b"\r\n")
                self.wfile.write(b"0\r\nX-Sum: %d\r\n\r\n" % (int(count) * 1000))
        elif name == "close":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"y" * int(count))
            self.close_connection = True
        elif name == "status":
            self.send_response(int(count))
            if int(count) not in (204, 304):
                self.send_header("Content-Length", "0")
            self.end_headers()
        elif name == "slow":
            time.sleep(int(query) / 1000)
            self.answer(200, b"slow\n")
        else:
            self.answer(404, b"no such path\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = handle_any

    def handle_expect_100(self):
        return True if self.path.startswith("/reject") else super().handle_expect_100()

    def log_message(self, *arguments):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
