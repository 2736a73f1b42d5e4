#include "weaver_section.h"

#if defined(__APPLE__)

#include <mach-o/getsect.h>
#include <mach-o/ldsyms.h>

static const weaver_entry *section(int past_the_end) {
    unsigned long size = 0;
    const char *start = (const char *)getsectiondata(&_mh_execute_header, "__DATA", "weaver_comps", &size);
    return (const weaver_entry *)(start && past_the_end ? start + size : start);
}

const weaver_entry *weaver_section_start(void) { return section(0); }
const weaver_entry *weaver_section_end(void) { return section(1); }

#else

// The linker defines both for a section whose name is an identifier. Weak, so that a binary without any component
// links as well.
extern const weaver_entry __start_weaver_comps[] __attribute__((weak, visibility("hidden")));
extern const weaver_entry __stop_weaver_comps[] __attribute__((weak, visibility("hidden")));

const weaver_entry *weaver_section_start(void) { return __start_weaver_comps; }
const weaver_entry *weaver_section_end(void) { return __stop_weaver_comps; }

#endif
