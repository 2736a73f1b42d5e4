#include "load.h"

/// Heads of requests are far smaller; one that is not ends the connection.
enum { HEAD_SIZE = 4096 };

struct connection {
    uv_tcp_t stream;
    uv_write_t writing;
    size_t filled;
    char head_sent[256];
    char head[HEAD_SIZE + 1];
};

static uv_tcp_t listener;
static char *body;

static void on_closed(uv_handle_t *handle) { free(handle); }

static void close_connection(struct connection *connection) {
    if (!uv_is_closing((uv_handle_t *)connection)) uv_close((uv_handle_t *)connection, on_closed);
}

static void allocate_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *result) {
    struct connection *connection = (struct connection *)handle;
    *result = uv_buf_init(connection->head + connection->filled, (unsigned)(HEAD_SIZE - connection->filled));
}

static void on_written(uv_write_t *request, int status) {
    if (status < 0) close_connection((struct connection *)request->handle);
}

/// Answers with that many bytes. The body is never changed, so it may be sent by any number of writes at a time.
static void answer(struct connection *connection, size_t size) {
    int length = snprintf(
        connection->head_sent, sizeof connection->head_sent,
        "HTTP/1.1 200 OK\r\nServer: http-load\r\nDate: Thu, 26 Nov 2026 00:00:00 GMT\r\n"
        "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
        size);
    uv_buf_t buffers[2] = {uv_buf_init(connection->head_sent, (unsigned)length), uv_buf_init(body, (unsigned)size)};
    int sent = uv_try_write((uv_stream_t *)connection, buffers, 2);
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) return close_connection(connection);
    size_t skipped = (size_t)sent;
    uv_buf_t rest[2];
    unsigned count = 0;
    for (int index = 0; index < 2; index++) {
        size_t part = skipped < buffers[index].len ? skipped : buffers[index].len;
        skipped -= part;
        if (part < buffers[index].len) {
            rest[count++] = uv_buf_init(buffers[index].base + part, (unsigned)(buffers[index].len - part));
        }
    }
    if (count == 0) return;
    check(uv_write(&connection->writing, (uv_stream_t *)connection, rest, count, on_written), "write");
}

/// A client has one request on its way at most, so a head is the last that has arrived.
static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read) {
    struct connection *connection = (struct connection *)stream;
    if (count < 0) return close_connection(connection);
    connection->filled += (size_t)count;
    connection->head[connection->filled] = '\0';
    if (connection->filled < 4 || memcmp(connection->head + connection->filled - 4, "\r\n\r\n", 4) != 0) {
        if (connection->filled == HEAD_SIZE) close_connection(connection);
        return;
    }
    connection->filled = 0;
    unsigned long size = strncmp(connection->head, "GET /", 5) == 0 ? strtoul(connection->head + 5, NULL, 10) : 0;
    if (size == 0 || size > LARGEST_BODY) return close_connection(connection);
    answer(connection, size);
}

static void on_connection(uv_stream_t *server, int status) {
    check(status, "listen");
    struct connection *connection = allocate(sizeof *connection);
    connection->filled = 0;
    check(uv_tcp_init(server->loop, &connection->stream), "connection");
    check(uv_accept(server, (uv_stream_t *)connection), "accept");
    check(uv_tcp_nodelay(&connection->stream, 1), "nodelay");
    check(uv_read_start((uv_stream_t *)connection, allocate_buffer, on_read), "read");
}

void serve(const struct peer_options *options) {
    body = allocate(LARGEST_BODY);
    peer_fill(body, LARGEST_BODY);
    struct sockaddr_in address;
    check(uv_ip4_addr("127.0.0.1", 0, &address), "address");
    check(uv_tcp_init(uv_default_loop(), &listener), "listener");
    check(uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0), "bind");
    check(uv_listen((uv_stream_t *)&listener, 1024, on_connection), "listen");
    int length = sizeof address;
    check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length), "address");
    peer_ready_on_port(ntohs(address.sin_port));
}
