// Both ends of what a proxy is measured with, in C on libuv: a backend that answers at once, and clients that ask again as
// soon as they have their answer. Neither does more than has to be done, so that the proxy is what limits.
//
// It keeps the contract of peer.h: `serve` is the backend, `run` is --in-flight clients with a connection each, whose
// --server is the proxy's process.
#include "load.h"

int main(int count, char **arguments) {
    char about[64];
    snprintf(about, sizeof about, "libuv %s, C: backend and clients", uv_version_string());
    const struct peer_options *options = peer_parse(count, arguments, about);
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
