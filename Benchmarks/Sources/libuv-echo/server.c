#include "echo.h"

struct connection {
    uv_tcp_t stream;
    /// With --method whole: bytes of the message that have arrived.
    size_t filled;
    char buffer[];
};

static uv_tcp_t listener;
/// The buffer of each connection is as large as a read or, with --method whole, as a message.
static size_t buffer_size = READ_SIZE;
/// With --method whole: bytes of a message. 0 otherwise.
static size_t message_size;

static void allocate_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *result) {
    struct connection *connection = (struct connection *)handle;
    *result = uv_buf_init(connection->buffer + connection->filled, (unsigned)(buffer_size - connection->filled));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read);

static void read_on(uv_stream_t *stream) {
    check(uv_read_start(stream, allocate_buffer, on_read), "read");
}

static void on_closed(uv_handle_t *handle) { free(handle); }

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read) {
    struct connection *connection = (struct connection *)stream;
    if (count < 0) return uv_close((uv_handle_t *)stream, on_closed);
    size_t size = (size_t)count;
    if (message_size > 0) {
        connection->filled += size;
        if (connection->filled < message_size) return;
        connection->filled = 0;
        size = message_size;
    }
    // The buffer is not read into again before all of it is sent: nothing is copied, and nothing grows.
    if (!send_bytes(stream, connection->buffer, size, read_on)) uv_read_stop(stream);
}

static void on_connection(uv_stream_t *server, int status) {
    check(status, "listen");
    struct connection *connection = allocate(sizeof *connection + buffer_size);
    connection->filled = 0;
    check(uv_tcp_init(server->loop, &connection->stream), "connection");
    check(uv_accept(server, (uv_stream_t *)connection), "accept");
    check(uv_tcp_nodelay(&connection->stream, 1), "nodelay");
    read_on((uv_stream_t *)connection);
}

void serve(const struct peer_options *options) {
    if (strcmp(options->method, "whole") == 0) buffer_size = message_size = options->size;
    struct sockaddr_in address;
    check(uv_ip4_addr("127.0.0.1", 0, &address), "address");
    check(uv_tcp_init(uv_default_loop(), &listener), "listener");
    check(uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0), "bind");
    check(uv_listen((uv_stream_t *)&listener, 16, on_connection), "listen");
    int length = sizeof address;
    check(uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &length), "address");
    peer_ready_on_port(ntohs(address.sin_port));
}
