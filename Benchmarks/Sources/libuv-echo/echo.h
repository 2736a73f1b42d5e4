#ifndef LIBUV_ECHO_H
#define LIBUV_ECHO_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "peer.h"

/// What one read may bring. Of 64 KiB to 1 MiB this took the least time for large messages; small ones do not care.
enum { READ_SIZE = 1024 * 1024 };

/// Starts to listen.
void serve(const struct peer_options *options);

/// Starts to connect, and then to send.
void run(const struct peer_options *options);

/// Ends the process with libuv's message where `status` is an error.
void check(int status, const char *what);

/// `malloc` that does not fail.
void *allocate(size_t size);

/// Sends at once what the socket takes, and queues the rest; gives 1 when nothing was left, and calls `written` later
/// otherwise. The bytes must stay as they are until then. Where the connection has broken nothing is sent: whoever reads
/// from it learns that.
int send_bytes(uv_stream_t *stream, const char *bytes, size_t size, void (*written)(uv_stream_t *));

#endif
