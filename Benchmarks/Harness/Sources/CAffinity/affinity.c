#define _GNU_SOURCE
#include "affinity.h"

#ifdef __linux__
#include <sched.h>

uint64_t benchmark_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
    uint64_t mask = 0;
    for (int core = 0; core < 64; core++) {
        if (CPU_ISSET(core, &set)) mask |= UINT64_C(1) << core;
    }
    return mask;
}

int benchmark_run_on(uint64_t mask) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int core = 0; core < 64; core++) {
        if (mask & UINT64_C(1) << core) CPU_SET(core, &set);
    }
    return sched_setaffinity(0, sizeof set, &set);
}
#else
uint64_t benchmark_cores(void) { return 0; }

int benchmark_run_on(uint64_t mask) { return -1; }
#endif
