#ifndef WEAVER_CUV_SHIM_H
#define WEAVER_CUV_SHIM_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

/* The error codes are macros over negated errno values, which Swift does not import. */
static const int WEAVER_UV_EAGAIN = UV_EAGAIN;
static const int WEAVER_UV_EOF = UV_EOF;
static const int WEAVER_UV_ECANCELED = UV_ECANCELED;
static const int WEAVER_UV_EADDRINUSE = UV_EADDRINUSE;
static const int WEAVER_UV_EBUSY = UV_EBUSY;
static const int WEAVER_UV_ENOBUFS = UV_ENOBUFS;
static const int WEAVER_UV_EINVAL = UV_EINVAL;
static const int WEAVER_UV_ETIMEDOUT = UV_ETIMEDOUT;
static const int WEAVER_UV_EMFILE = UV_EMFILE;
static const int WEAVER_UV_ENFILE = UV_ENFILE;
static const int WEAVER_UV_ESRCH = UV_ESRCH;
static const int WEAVER_UV_ENOTCONN = UV_ENOTCONN;

/* fcntl is variadic, which Swift cannot call. A descriptor handed to libuv must not leak into a child process. */
static inline int weaver_set_close_on_exec(int descriptor) {
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/* Both ends close-on-exec from birth: between pipe() and fcntl() another thread could spawn a process. macOS has no
   pipe2, where the gap remains. */
static inline int weaver_pipe(int descriptors[2]) {
#ifdef __linux__
    return pipe2(descriptors, O_CLOEXEC);
#else
    if (pipe(descriptors) != 0) return -1;
    weaver_set_close_on_exec(descriptors[0]);
    weaver_set_close_on_exec(descriptors[1]);
    return 0;
#endif
}

/* GNU extensions that the Glibc module does not show. They are declared here, because defining _GNU_SOURCE would give
   fd_set other field names than the Glibc module has, and the two modules would not go together. Linux cuts thread
   names at 15 bytes. */
#ifdef __linux__
extern int pthread_setname_np(pthread_t thread, const char *name);
static inline void weaver_set_thread_name(pthread_t thread, const char *name) {
    pthread_setname_np(thread, name);
}
extern int pipe2(int descriptors[2], int flags);
#endif

/* SIG_IGN is a macro with a cast, which Swift does not import. A peer that went away must be an error, not a signal. */
static inline void weaver_ignore_sigpipe(void) {
    signal(SIGPIPE, SIG_IGN);
}

#endif
