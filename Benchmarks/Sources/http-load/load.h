#ifndef HTTP_LOAD_H
#define HTTP_LOAD_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "peer.h"

/// The backend: answers GET /N with N bytes.
void serve(const struct peer_options *options);

/// The clients: each sends GET /N, reads the whole answer and sends the next, for ever.
void run(const struct peer_options *options);

/// Ends the process with libuv's message where `status` is an error.
void check(int status, const char *what);

/// `malloc` that does not fail.
void *allocate(size_t size);

/// The largest body.
enum { LARGEST_BODY = 16 * 1024 * 1024 };

#endif
