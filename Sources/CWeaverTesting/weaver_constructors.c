#include "weaver_constructors.h"

#if defined(__linux__)

// The linker defines both. Weak, for one that does not.
extern weaver_constructor __init_array_start[] __attribute__((weak, visibility("hidden")));
extern weaver_constructor __init_array_end[] __attribute__((weak, visibility("hidden")));

void weaver_run_constructors_after(weaver_constructor self, int count, char **arguments, char **environment) {
    weaver_constructor *next = __init_array_start;
    while (next < __init_array_end && *next != self) next++;
    if (next < __init_array_end) next++;
    for (; next < __init_array_end; next++) (*next)(count, arguments, environment);
}

#else

void weaver_run_constructors_after(weaver_constructor self, int count, char **arguments, char **environment) {
    (void)self;
    (void)count;
    (void)arguments;
    (void)environment;
}

#endif
