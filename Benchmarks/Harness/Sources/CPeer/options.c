#define _GNU_SOURCE
#include "peer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void peer_fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

/// The number that follows an option; it has to be at least `least`.
static double number(const char *option, const char *text, double least) {
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least)) {
        fprintf(stderr, "%s must be a number of at least %g, not \"%s\"\n", option, least, text);
        exit(2);
    }
    return value;
}

struct peer_options peer_parsed = {.address = "", .method = "", .socket = "", .in_flight = 1, .warm_up = 0.2, .seconds = 1};

const struct peer_options *peer_parse(int count, char *const *arguments, const char *about) {
    if (count == 2 && strcmp(arguments[1], "about") == 0) {
        puts(about);
        exit(0);
    }
    if (count < 2 || (strcmp(arguments[1], "serve") != 0 && strcmp(arguments[1], "run") != 0)) {
        fprintf(stderr, "usage: %s about | serve | run --address ADDRESS --server PID ...\n", arguments[0]);
        exit(2);
    }
    struct peer_options *options = &peer_parsed;
    options->serves = strcmp(arguments[1], "serve") == 0;
    for (int index = 2; index < count; index += 2) {
        const char *option = arguments[index];
        if (index + 1 == count) peer_fail("an option has no value");
        const char *value = arguments[index + 1];
        if (strcmp(option, "--address") == 0) options->address = value;
        else if (strcmp(option, "--method") == 0) options->method = value;
        else if (strcmp(option, "--socket") == 0) options->socket = value;
        else if (strcmp(option, "--server") == 0) options->server = (int)number(option, value, 1);
        else if (strcmp(option, "--beside") == 0) options->beside = (int)number(option, value, 1);
        else if (strcmp(option, "--size") == 0) options->size = (size_t)number(option, value, 1);
        else if (strcmp(option, "--in-flight") == 0) options->in_flight = (int)number(option, value, 1);
        else if (strcmp(option, "--warm-up") == 0) options->warm_up = number(option, value, 0);
        else if (strcmp(option, "--seconds") == 0) options->seconds = number(option, value, 0.001);
        else {
            fprintf(stderr, "unknown option %s\n", option);
            exit(2);
        }
    }
    if (!options->serves && (*options->address == '\0' || options->server == 0 || options->size == 0)) {
        peer_fail("run needs --address, --server and --size");
    }
    return options;
}

/// Ends the process with its standard input: with the harness, however that ends.
static void *end_with_input(void *unused) {
    char bytes[64];
    while (read(STDIN_FILENO, bytes, sizeof bytes) > 0) {}
    _exit(0);
}

void peer_ready(const char *address) {
    printf("ready %s\n", address);
    fflush(stdout);
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_with_input, NULL) != 0) peer_fail("no thread to be had");
    pthread_detach(thread);
}

void peer_ready_on_port(int port) {
    char address[32];
    snprintf(address, sizeof address, "127.0.0.1:%d", port);
    peer_ready(address);
}

void peer_ready_on_socket(const char *path) {
    char address[128];
    snprintf(address, sizeof address, "unix:%s", path);
    peer_ready(address);
}

const char *peer_socket(const char *address) { return strncmp(address, "unix:", 5) == 0 ? address + 5 : NULL; }

int peer_port(const char *address) {
    const char *colon = strrchr(address, ':');
    int port = colon ? atoi(colon + 1) : 0;
    if (port <= 0 || port > 65535) peer_fail("the address has no port");
    return port;
}

void peer_fill(char *bytes, size_t size) {
    for (size_t index = 0; index < size; index++) bytes[index] = (char)('a' + index % 26);
}
