// The ceiling: what C on libuv takes to send bytes there and back on one connection, and nothing else.
//
// It leaves out all that makes a call: no length or id in front of a message, no table of calls, no method, no encoding,
// no copy out of or into the buffers, no check of what arrives, no deadline, no task. Messages exist only in the
// client's arithmetic: it knows that all have one size, and counts bytes. The server never waits for a whole message
// (unless --method whole): it sends back what one read has brought, so large messages are on their way back while they
// still arrive, which nothing that decodes an argument can do.
#include "echo.h"

int main(int count, char **arguments) {
    char about[64];
    snprintf(about, sizeof about, "libuv %s, C", uv_version_string());
    const struct peer_options *options = peer_parse(count, arguments, about);
    // A connection that breaks is an error to report, not a signal.
    signal(SIGPIPE, SIG_IGN);
    if (options->serves) serve(options);
    else run(options);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

void check(int status, const char *what) {
    if (status >= 0) return;
    fprintf(stderr, "%s: %s\n", what, uv_strerror(status));
    exit(1);
}

void *allocate(size_t size) {
    void *memory = malloc(size);
    if (!memory) peer_fail("no memory");
    return memory;
}

struct rest {
    uv_write_t request;
    void (*written)(uv_stream_t *);
};

static int has_broken(int status) { return status == UV_EPIPE || status == UV_ECONNRESET || status == UV_ECANCELED; }

static void rest_written(uv_write_t *request, int status) {
    struct rest *rest = (struct rest *)request;
    if (!has_broken(status)) {
        check(status, "write");
        rest->written(request->handle);
    }
    free(rest);
}

int send_bytes(uv_stream_t *stream, const char *bytes, size_t size, void (*written)(uv_stream_t *)) {
    uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)size);
    int sent = uv_try_write(stream, &buffer, 1);
    if (has_broken(sent)) return 1;
    if (sent == UV_EAGAIN) sent = 0;
    check(sent, "write");
    if ((size_t)sent == size) return 1;
    struct rest *rest = allocate(sizeof *rest);
    rest->written = written;
    buffer = uv_buf_init((char *)bytes + sent, (unsigned)(size - (size_t)sent));
    check(uv_write(&rest->request, stream, &buffer, 1, rest_written), "write");
    return 0;
}
