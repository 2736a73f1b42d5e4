#ifndef WEAVER_TEST_MEMORY_H
#define WEAVER_TEST_MEMORY_H

#include <stddef.h>

/* Bytes that malloc has handed out and not got back, over all arenas; mallinfo2 is not in the Glibc module. 0 where the
   system does not say. */
size_t test_allocated_bytes(void);

/* Bytes of this process that lie in memory; 0 where the system does not say. */
size_t test_resident_bytes(void);

#endif
