#ifndef WEAVER_CUV_SHIM_H
#define WEAVER_CUV_SHIM_H

#include <uv.h>

#endif
