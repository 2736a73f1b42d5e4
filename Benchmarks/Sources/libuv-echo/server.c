#include "echo.h"

struct connection {
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    };
    /// With --method whole: bytes of the message that have arrived.
    size_t filled;
    char buffer[];
};

static union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
} listener;
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
    if (server->type == UV_TCP) check(uv_tcp_init(server->loop, &connection->tcp), "connection");
    else check(uv_pipe_init(server->loop, &connection->pipe, 0), "connection");
    check(uv_accept(server, &connection->stream), "accept");
    if (server->type == UV_TCP) check(uv_tcp_nodelay(&connection->tcp, 1), "nodelay");
    read_on((uv_stream_t *)connection);
}

static void serve_on_socket(const char *path) {
    check(uv_pipe_init(uv_default_loop(), &listener.pipe, 0), "listener");
    check(uv_pipe_bind(&listener.pipe, path), "bind");
    check(uv_listen(&listener.stream, 16, on_connection), "listen");
    peer_ready_on_socket(path);
}

static void serve_on_port(void) {
    struct sockaddr_in address;
    check(uv_ip4_addr("127.0.0.1", 0, &address), "address");
    check(uv_tcp_init(uv_default_loop(), &listener.tcp), "listener");
    check(uv_tcp_bind(&listener.tcp, (const struct sockaddr *)&address, 0), "bind");
    check(uv_listen(&listener.stream, 16, on_connection), "listen");
    int length = sizeof address;
    check(uv_tcp_getsockname(&listener.tcp, (struct sockaddr *)&address, &length), "address");
    peer_ready_on_port(ntohs(address.sin_port));
}

void serve(const struct peer_options *options) {
    if (strcmp(options->method, "whole") == 0) buffer_size = message_size = options->size;
    if (*options->socket) serve_on_socket(options->socket);
    else serve_on_port();
}
