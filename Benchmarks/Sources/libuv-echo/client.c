#include "echo.h"

static const struct peer_options *options;
static union {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
} connection;
static uv_connect_t connecting;
/// All messages that are in flight, one after the other, so that any number of them is one write.
static char *messages;
static char read_buffer[READ_SIZE];
/// Bytes that have come back, and that are to be sent once what was begun is sent.
static uint64_t received, unsent;
static int is_sending;

/// The one message that is timed now: its number, and when it was sent; 0 for none.
static uint64_t timed_message, timed_since;

static void on_written(uv_stream_t *stream);

/// Sends `count` messages more.
static void send_messages(uint64_t count) {
    unsent += count * options->size;
    if (is_sending || unsent == 0) return;
    size_t size = unsent;
    unsent = 0;
    is_sending = !send_bytes(&connection.stream, messages, size, on_written);
}

static void on_written(uv_stream_t *stream) {
    is_sending = 0;
    send_messages(0);
}

/// Times one message after the other, when its turn comes: answers come in the order of the messages.
static void time_messages(uint64_t before, uint64_t now) {
    if (timed_since > 0 && now > timed_message) {
        peer_took(peer_now() - timed_since);
        timed_since = 0;
    }
    uint64_t interval = peer_timing_mask + 1;
    if (timed_since == 0 && now / interval > before / interval) {
        // The next to be sent.
        timed_message = before + (uint64_t)options->in_flight;
        timed_since = peer_now();
    }
}

static void allocate_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *result) {
    *result = uv_buf_init(read_buffer, sizeof read_buffer);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *read) {
    if (count < 0) check((int)count, "the server has gone");
    // The first messages are compared, whole; the message is as long as any part of it repeats.
    if (received < options->size) {
        size_t part = options->size - received;
        if (part > (size_t)count) part = (size_t)count;
        if (memcmp(messages + received, read_buffer, part) != 0) peer_fail("the answer is another");
    }
    uint64_t before = received / options->size;
    received += (uint64_t)count;
    uint64_t now = received / options->size;
    if (now == before) return;
    time_messages(before, now);
    send_messages(now - before);
    peer_count(now - before);
}

static void on_connected(uv_connect_t *request, int status) {
    check(status, "connect");
    if (connection.stream.type == UV_TCP) check(uv_tcp_nodelay(&connection.tcp, 1), "nodelay");
    check(uv_read_start(&connection.stream, allocate_buffer, on_read), "read");
    peer_start_stopwatch();
    send_messages((uint64_t)options->in_flight);
}

void run(const struct peer_options *chosen) {
    options = chosen;
    size_t size = options->size * (size_t)options->in_flight;
    messages = allocate(size);
    for (size_t at = 0; at < size; at += options->size) peer_fill(messages + at, options->size);
    const char *path = peer_socket(options->address);
    if (path) {
        check(uv_pipe_init(uv_default_loop(), &connection.pipe, 0), "connection");
        uv_pipe_connect(&connecting, &connection.pipe, path, on_connected);
        return;
    }
    struct sockaddr_in address;
    check(uv_ip4_addr("127.0.0.1", peer_port(options->address), &address), "address");
    check(uv_tcp_init(uv_default_loop(), &connection.tcp), "connection");
    check(uv_tcp_connect(&connecting, &connection.tcp, (const struct sockaddr *)&address, on_connected), "connect");
}
