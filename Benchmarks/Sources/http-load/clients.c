#define _GNU_SOURCE
#include "load.h"

enum {
    READ_SIZE = 256 * 1024,
    /// Heads of responses are far smaller; one that is not ends the process.
    HEAD_SIZE = 4096,
};

struct client {
    uv_tcp_t stream;
    uv_connect_t connecting;
    /// Bytes of the head that have arrived while it is not complete.
    size_t filled;
    char head[HEAD_SIZE + 1];
    /// Bytes of the body that are still to come; the head is read while it is 0.
    size_t left;
    /// When the request was sent, where it is timed.
    uint64_t since;
};

static const struct peer_options *options;
static char request[256];
static size_t request_size;
static char *body;
static uint64_t sent;
static char read_buffer[READ_SIZE];

static void send_request(struct client *client) {
    client->since = peer_times(sent++) ? peer_now() : 0;
    uv_buf_t buffer = uv_buf_init(request, (unsigned)request_size);
    // The connection is empty, so the socket takes it.
    if (uv_try_write((uv_stream_t *)client, &buffer, 1) != (int)request_size) peer_fail("a request was not taken");
}

/// The head is complete: the answer has to be what was asked for.
static void begin_body(struct client *client) {
    if (strncmp(client->head, "HTTP/1.1 200 ", 13) != 0) peer_fail("a response is not 200");
    const char *field = strcasestr(client->head, "\r\ncontent-length:");
    if (!field) peer_fail("a response has no length");
    client->left = strtoul(field + 17, NULL, 10);
    if (client->left != options->size) peer_fail("a response has another length");
    client->filled = 0;
}

/// Takes what belongs to the head; gives how many bytes that were.
static size_t read_head(struct client *client, const char *bytes, size_t count) {
    size_t before = client->filled;
    size_t part = HEAD_SIZE - before < count ? HEAD_SIZE - before : count;
    memcpy(client->head + before, bytes, part);
    client->head[before + part] = '\0';
    char *end = strstr(before > 3 ? client->head + before - 3 : client->head, "\r\n\r\n");
    if (!end) {
        if (before + part == HEAD_SIZE) peer_fail("a response's head is too large");
        client->filled += part;
        return part;
    }
    end[2] = '\0';
    begin_body(client);
    return (size_t)(end + 4 - client->head) - before;
}

static void allocate_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *result) {
    *result = uv_buf_init(read_buffer, sizeof read_buffer);
}

/// The last bytes of each answer are compared, and all of those of the first.
static void check_body(struct client *client, const char *bytes, size_t count) {
    size_t at = options->size - client->left;
    if (client->left > count && peer_calls > 0) return;
    if (memcmp(bytes, body + at, count) != 0) peer_fail("the answer is another");
}

static void on_read(uv_stream_t *stream, ssize_t read, const uv_buf_t *buffer) {
    struct client *client = (struct client *)stream;
    if (read < 0) check((int)read, "the proxy has gone");
    const char *bytes = read_buffer;
    size_t count = (size_t)read;
    if (client->left == 0) {
        size_t taken = read_head(client, bytes, count);
        bytes += taken;
        count -= taken;
    }
    if (count == 0) return;
    if (client->left < count) peer_fail("bytes behind an answer");
    check_body(client, bytes, count);
    client->left -= count;
    if (client->left > 0) return;
    if (client->since) peer_took(peer_now() - client->since);
    peer_count(1);
    send_request(client);
}

static void on_connected(uv_connect_t *request, int status) {
    struct client *client = (struct client *)request->handle;
    check(status, "connect");
    check(uv_tcp_nodelay(&client->stream, 1), "nodelay");
    check(uv_read_start((uv_stream_t *)client, allocate_buffer, on_read), "read");
    send_request(client);
}

void run(const struct peer_options *chosen) {
    options = chosen;
    if (options->size > LARGEST_BODY) peer_fail("the backend has no body of that size");
    body = allocate(options->size);
    peer_fill(body, options->size);
    int port = peer_port(options->address);
    request_size = (size_t)snprintf(
        request, sizeof request,
        "GET /%zu HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: http-load\r\nAccept: */*\r\n\r\n", options->size, port);
    struct sockaddr_in address;
    check(uv_ip4_addr("127.0.0.1", port, &address), "address");
    for (int index = 0; index < options->in_flight; index++) {
        struct client *client = allocate(sizeof *client);
        client->filled = client->left = 0;
        check(uv_tcp_init(uv_default_loop(), &client->stream), "connection");
        check(
            uv_tcp_connect(&client->connecting, &client->stream, (const struct sockaddr *)&address, on_connected),
            "connect");
    }
    peer_start_stopwatch();
}
