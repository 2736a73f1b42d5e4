// The two system calls that pin threads to cores. Glibc's module does not show them to Swift, because they need
// _GNU_SOURCE.
#ifndef BENCHMARK_AFFINITY_H
#define BENCHMARK_AFFINITY_H

#include <stdint.h>

/// The cores that the calling thread may run on, as a mask of the first 64; 0 where the system does not say.
uint64_t benchmark_cores(void);

/// Lets the calling thread run on these cores only. Returns 0, or -1 when it is not possible.
int benchmark_run_on(uint64_t mask);

#endif
