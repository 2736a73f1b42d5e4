#define _GNU_SOURCE
#include "peer.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t peer_calls;
uint64_t peer_timing_mask = 63;

/// Timed calls by duration: 64 steps for each power of two, which is 1.6 % apart.
enum { STEP_BITS = 6, STEPS = 1 << STEP_BITS, BUCKETS = (64 - STEP_BITS) * STEPS };
static uint64_t durations[BUCKETS];
/// Whether the window is open.
static int measuring;
extern struct peer_options peer_parsed;

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) peer_fail("a clock cannot be read; has the server ended?");
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

uint64_t peer_now(void) { return nanoseconds(CLOCK_MONOTONIC); }

static unsigned bucket(uint64_t duration) {
    if (duration < STEPS) return (unsigned)duration;
    unsigned shift = 63 - STEP_BITS - (unsigned)__builtin_clzll(duration);
    return (shift + 1) * STEPS + (unsigned)(duration >> shift) - STEPS;
}

/// The least duration that falls into the bucket.
static uint64_t duration_of(unsigned bucket) {
    if (bucket < STEPS) return bucket;
    return (uint64_t)(bucket % STEPS + STEPS) << (bucket / STEPS - 1);
}

void peer_took(uint64_t duration) {
    if (!__atomic_load_n(&measuring, __ATOMIC_RELAXED)) return;
    __atomic_fetch_add(&durations[bucket(duration)], 1, __ATOMIC_RELAXED);
}

/// The duration in nanoseconds that `part` of the timed calls did not exceed; 0 where none was timed.
static uint64_t percentile(double part) {
    uint64_t count = 0;
    for (unsigned index = 0; index < BUCKETS; index++) count += durations[index];
    uint64_t seen = 0;
    for (unsigned index = 0; index < BUCKETS; index++) {
        seen += durations[index];
        if (seen > 0 && (double)seen >= part * (double)count) return duration_of(index);
    }
    return 0;
}

/// Nanoseconds that all cores together have been busy, with anything, in steps of the system's tick; 0 where the system
/// does not say.
static uint64_t machine_busy(void) {
    FILE *file = fopen("/proc/stat", "r");
    if (!file) return 0;
    uint64_t user = 0, nice = 0, kernel = 0, idle = 0, waiting = 0, interrupts = 0, soft = 0, stolen = 0;
    int count = fscanf(
        file, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &user,
        &nice, &kernel, &idle, &waiting, &interrupts, &soft, &stolen);
    fclose(file);
    if (count != 8) return 0;
    uint64_t ticks = user + nice + kernel + interrupts + soft + stolen;
    return ticks * (uint64_t)(1000000000 / sysconf(_SC_CLK_TCK));
}

/// Everything that is read at either end of the window.
struct reading {
    uint64_t calls, now, client, server, beside, machine;
};

static struct reading read_all(clockid_t server, clockid_t beside) {
    return (struct reading){
        .calls = __atomic_load_n(&peer_calls, __ATOMIC_RELAXED),
        .now = peer_now(),
        .client = nanoseconds(CLOCK_PROCESS_CPUTIME_ID),
        .server = nanoseconds(server),
        .beside = peer_parsed.beside ? nanoseconds(beside) : 0,
        .machine = machine_busy(),
    };
}

static void sleep_for(double seconds) {
    struct timespec time = {.tv_sec = (time_t)seconds};
    time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
    while (nanosleep(&time, &time) != 0) {}
}

static void *measure(void *unused) {
    clockid_t server, beside = CLOCK_MONOTONIC;
    if (clock_getcpuclockid(peer_parsed.server, &server) != 0) peer_fail("the server's processor time cannot be read");
    if (peer_parsed.beside && clock_getcpuclockid(peer_parsed.beside, &beside) != 0) {
        peer_fail("the processor time of the process beside cannot be read");
    }
    sleep_for(peer_parsed.warm_up);
    __atomic_store_n(&measuring, 1, __ATOMIC_RELAXED);
    struct reading start = read_all(server, beside);
    sleep_for(peer_parsed.seconds);
    struct reading end = read_all(server, beside);
    __atomic_store_n(&measuring, 0, __ATOMIC_RELAXED);
    if (end.calls == start.calls) peer_fail("no call was answered in the window");
    uint64_t both = (end.server - start.server) + (end.client - start.client) + (end.beside - start.beside);
    uint64_t machine = end.machine - start.machine;
    printf(
        "{\"calls\": %" PRIu64 ", \"nanoseconds\": %" PRIu64 ", \"serverNanoseconds\": %" PRIu64
        ", \"clientNanoseconds\": %" PRIu64 ", \"othersNanoseconds\": %" PRIu64 ", \"p50Nanoseconds\": %" PRIu64 ", \"p99Nanoseconds\": %" PRIu64 "}\n",
        end.calls - start.calls, end.now - start.now, end.server - start.server, end.client - start.client,
        machine > both ? machine - both : 0, percentile(0.5), percentile(0.99));
    fflush(stdout);
    _exit(0);
}

void peer_start_stopwatch(void) {
    peer_timing_mask = peer_parsed.in_flight <= 16 ? 7 : 63;
    pthread_t thread;
    if (pthread_create(&thread, NULL, measure, NULL) != 0) peer_fail("no thread to be had");
    pthread_detach(thread);
}
