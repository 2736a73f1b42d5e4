#include "weaver_section.h"

#include <stdio.h>

void weaver_print_lines_at_once(void) { setvbuf(stdout, NULL, _IOLBF, 0); }
