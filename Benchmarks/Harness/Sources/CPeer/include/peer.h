// The contract between the harness and everything it measures: this project, C, C++ and Swift peers alike.
//
// A peer is one program with these roles. Options may come in any order; unknown ones end it with a message.
//
//   PEER about
//       prints one line that names what it measures, with versions.
//   PEER serve [--method M] [--size S] [--socket PATH]
//       listens on a free port of 127.0.0.1, or on a Unix socket of that path, prints "ready ADDRESS" ("unix:PATH" for
//       the latter) and serves until its standard input ends.
//   PEER run --address ADDRESS --server PID --size S --in-flight N --warm-up W --seconds T [--method M]
//            [--beside PID]
//       keeps N calls of S bytes in flight on one connection, counts those that were answered, and after W seconds
//       that do not count and T that do prints one line of JSON and ends. PID is the server's process, whose processor
//       time the client reads: both sides are measured by one clock over one window. What the process --beside takes is
//       not counted among what others have taken.
//
// A peer that cannot do it says why on standard error and ends with another code than 0. On which core a peer runs is
// the harness's matter: it starts peers with the affinity they shall have, so no thread of theirs ever had another.
//
// What a call is, how it is encoded and how many threads serve it is the peer's. The first answer is compared with what
// was sent, byte for byte; of the others at most the size is.
#ifndef BENCHMARK_PEER_H
#define BENCHMARK_PEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What the command line says.
struct peer_options {
    /// 1 for "serve", 0 for "run".
    int serves;
    /// The server's address, as "serve" has printed it.
    const char *address;
    /// Which of its methods the peer shall offer or call; "" where it has only one.
    const char *method;
    /// The server's process id.
    int server;
    /// Another process that belongs to the run, so that it does not count as a disturbance; 0 for none.
    int beside;
    /// Where the server shall listen in place of a port; "" for a port.
    const char *socket;
    /// Bytes of the argument, and of the result.
    size_t size;
    /// Calls in flight.
    int in_flight;
    /// Seconds before and in the window.
    double warm_up;
    double seconds;
};

/// Reads the command line; ends the process with a message when it is not as the contract says, and with `about` when
/// that is what was asked for.
const struct peer_options *peer_parse(int count, char *const *arguments, const char *about);

/// For the server, once it listens: prints the address, and ends the process when standard input does.
void peer_ready(const char *address);

/// `peer_ready` for the TCP port of that number on 127.0.0.1.
void peer_ready_on_port(int port);

/// `peer_ready` for a Unix socket of that path.
void peer_ready_on_socket(const char *path);

/// The path of an address that `peer_ready_on_socket` has printed; NULL for others.
const char *peer_socket(const char *address);

/// The port of an address that `peer_ready_on_port` has printed; ends the process when it is none.
int peer_port(const char *address);

/// Fills `bytes` with what calls carry: lower-case letters, which are bytes and text alike.
void peer_fill(char *bytes, size_t size);

/// For the client, right before its first call: with the options that were parsed, starts a thread that sleeps through the warm-up, reads counters and
/// clocks, sleeps through the window, reads them again, prints the line of JSON and ends the process. The peer itself
/// never reads a clock but for the calls that it times.
void peer_start_stopwatch(void);

/// Says why there is no number and ends the process.
void peer_fail(const char *why) __attribute__((noreturn));

// What follows is called once or twice a call, so it is inline; the variables are not for other use.

extern uint64_t peer_calls;
extern uint64_t peer_timing_mask;

/// `count` calls more were answered. For clients that count on one thread.
static inline void peer_count(uint64_t count) {
    __atomic_store_n(&peer_calls, __atomic_load_n(&peer_calls, __ATOMIC_RELAXED) + count, __ATOMIC_RELAXED);
}

/// The same for clients whose calls end on several threads.
static inline void peer_count_shared(uint64_t count) {
    __atomic_fetch_add(&peer_calls, count, __ATOMIC_RELAXED);
}

/// Whether the `number`th call, counted by the caller as it likes, shall be timed: one in 8 where few calls are in
/// flight and one in 64 else, so that the clock (20 ns) does not become part of what is measured.
static inline int peer_times(uint64_t number) {
    return (number & peer_timing_mask) == 0;
}

/// Monotonic nanoseconds.
uint64_t peer_now(void);

/// A timed call took so many nanoseconds. From any thread.
void peer_took(uint64_t nanoseconds);

#ifdef __cplusplus
}
#endif
#endif
