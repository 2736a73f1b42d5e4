// The floor of a proxy: C on libuv that takes bytes from one connection to another, and knows nothing of HTTP.
//
//   libuv-relay LISTEN-PORT BACKEND-PORT      both on 127.0.0.1
//
// Each client has a connection to the backend of its own. What one read has brought is written to the other side at once;
// only what its socket does not take is copied, and the reading side waits for it.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/// What one read may bring. Of 16 KiB to 1 MiB this took the least time for large bodies.
enum { READ_SIZE = 256 * 1024 };

struct pair;

/// One of the two connections of a pair, and what waits for its socket.
struct side {
    uv_tcp_t stream;
    uv_write_t writing;
    uv_shutdown_t ending;
    struct side *other;
    struct pair *pair;
    char *rest;
};

struct pair {
    struct side client, backend;
    uv_connect_t connecting;
    int open;
};

static uv_tcp_t listener;
static struct sockaddr_in backend_address;
static char read_buffer[READ_SIZE];

static void fail(const char *what, int status) {
    fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
    exit(1);
}

static void check(int status, const char *what) {
    if (status < 0) fail(what, status);
}

static void on_closed(uv_handle_t *handle) {
    struct side *side = (struct side *)handle;
    free(side->rest);
    side->rest = NULL;
    if (--side->pair->open == 0) free(side->pair);
}

static void close_pair(struct pair *pair) {
    if (!uv_is_closing((uv_handle_t *)&pair->client)) uv_close((uv_handle_t *)&pair->client, on_closed);
    if (!uv_is_closing((uv_handle_t *)&pair->backend)) uv_close((uv_handle_t *)&pair->backend, on_closed);
}

static void allocate_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *result) {
    *result = uv_buf_init(read_buffer, sizeof read_buffer);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read);

static void on_written(uv_write_t *request, int status) {
    struct side *side = (struct side *)request->handle;
    free(side->rest);
    side->rest = NULL;
    if (status < 0) return close_pair(side->pair);
    uv_read_start((uv_stream_t *)&side->other->stream, allocate_buffer, on_read);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read) {
    struct side *other = ((struct side *)stream)->other;
    if (count < 0) return close_pair(other->pair);
    uv_buf_t buffer = uv_buf_init(read_buffer, (unsigned)count);
    int sent = uv_try_write((uv_stream_t *)&other->stream, &buffer, 1);
    if (sent == UV_EAGAIN) sent = 0;
    if (sent < 0) return close_pair(other->pair);
    if (sent == count) return;
    size_t left = (size_t)(count - sent);
    other->rest = malloc(left);
    if (!other->rest) fail("memory", UV_ENOMEM);
    memcpy(other->rest, read_buffer + sent, left);
    buffer = uv_buf_init(other->rest, (unsigned)left);
    uv_read_stop(stream);
    check(uv_write(&other->writing, (uv_stream_t *)&other->stream, &buffer, 1, on_written), "write");
}

static void on_connected(uv_connect_t *request, int status) {
    struct pair *pair = ((struct side *)request->handle)->pair;
    if (status < 0) return close_pair(pair);
    uv_tcp_nodelay(&pair->backend.stream, 1);
    uv_read_start((uv_stream_t *)&pair->client, allocate_buffer, on_read);
    uv_read_start((uv_stream_t *)&pair->backend, allocate_buffer, on_read);
}

static void on_connection(uv_stream_t *server, int status) {
    check(status, "listen");
    struct pair *pair = calloc(1, sizeof *pair);
    if (!pair) fail("memory", UV_ENOMEM);
    pair->open = 2;
    pair->client.pair = pair->backend.pair = pair;
    pair->client.other = &pair->backend;
    pair->backend.other = &pair->client;
    check(uv_tcp_init(server->loop, &pair->client.stream), "connection");
    check(uv_tcp_init(server->loop, &pair->backend.stream), "connection");
    check(uv_accept(server, (uv_stream_t *)&pair->client), "accept");
    uv_tcp_nodelay(&pair->client.stream, 1);
    check(
        uv_tcp_connect(
            &pair->connecting, &pair->backend.stream, (const struct sockaddr *)&backend_address, on_connected),
        "connect");
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "about") == 0) {
        printf("libuv %s, C, parses nothing\n", uv_version_string());
        return 0;
    }
    if (count != 3) {
        fprintf(stderr, "usage: %s about | LISTEN-PORT BACKEND-PORT\n", arguments[0]);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in address;
    check(uv_ip4_addr("127.0.0.1", atoi(arguments[1]), &address), "address");
    check(uv_ip4_addr("127.0.0.1", atoi(arguments[2]), &backend_address), "address");
    check(uv_tcp_init(uv_default_loop(), &listener), "listener");
    check(uv_tcp_bind(&listener, (const struct sockaddr *)&address, 0), "bind");
    check(uv_listen((uv_stream_t *)&listener, 1024, on_connection), "listen");
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
