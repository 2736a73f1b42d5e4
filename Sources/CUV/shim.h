#ifndef WEAVER_CUV_SHIM_H
#define WEAVER_CUV_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
extern long syscall(long number, ...);
#endif
#include <uv.h>

/* The error codes are macros over negated errno values, which Swift does not import. */
static const int WEAVER_UV_EAGAIN = UV_EAGAIN;
static const int WEAVER_UV_EOF = UV_EOF;
static const int WEAVER_UV_ECANCELED = UV_ECANCELED;
static const int WEAVER_UV_EADDRINUSE = UV_EADDRINUSE;
static const int WEAVER_UV_EADDRNOTAVAIL = UV_EADDRNOTAVAIL;
static const int WEAVER_UV_EBUSY = UV_EBUSY;
static const int WEAVER_UV_ENOBUFS = UV_ENOBUFS;
static const int WEAVER_UV_EINVAL = UV_EINVAL;
static const int WEAVER_UV_ETIMEDOUT = UV_ETIMEDOUT;
static const int WEAVER_UV_EMFILE = UV_EMFILE;
static const int WEAVER_UV_ENFILE = UV_ENFILE;
static const int WEAVER_UV_ESRCH = UV_ESRCH;
static const int WEAVER_UV_ENOTCONN = UV_ENOTCONN;
static const int WEAVER_UV_ENAMETOOLONG = UV_ENAMETOOLONG;
static const int WEAVER_UV_ENOMEM = UV_ENOMEM;
static const int WEAVER_UV_EINTR = UV_EINTR;
static const int WEAVER_UV_ECONNABORTED = UV_ECONNABORTED;
static const int WEAVER_UV_ECONNREFUSED = UV_ECONNREFUSED;
static const int WEAVER_UV_ENOENT = UV_ENOENT;

/* fcntl is variadic, which Swift cannot call. A descriptor handed to libuv must not leak into a child process. */
static inline int weaver_set_close_on_exec(int descriptor) {
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

/* All open descriptors but 0, 1 and 2. close_range is a system call of Linux 5.11, and glibc shows it only with
   _GNU_SOURCE; before that the low numbers have to do: a limit of a million files is not worth as many calls. */
static inline void weaver_mark_open_descriptors(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3u, ~0u, 4u /* CLOSE_RANGE_CLOEXEC */) == 0) return;
#endif
    for (int descriptor = 3; descriptor < 256; descriptor++) weaver_set_close_on_exec(descriptor);
}

/* The same descriptor under another number, close-on-exec; fcntl is variadic. */
static inline int weaver_duplicate(int descriptor) {
    return fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
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

/* Close-on-exec and non-blocking from birth, for the same reason as weaver_pipe. SOCK_CLOEXEC and accept4 are not
   POSIX and do not exist on macOS. */
#ifdef __linux__
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
#else
static inline int weaver_prepare_socket(int descriptor) {
    if (descriptor < 0) return -1;
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
    return descriptor;
}
#endif
static inline int weaver_stream_socket(int family) {
#ifdef __linux__
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
#else
    return weaver_prepare_socket(socket(family, SOCK_STREAM, 0));
#endif
}
static inline int weaver_accept(int descriptor) {
#ifdef __linux__
    return accept4(descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
#else
    return weaver_prepare_socket(accept(descriptor, NULL, NULL));
#endif
}

/* Moves bytes between a pipe and a socket inside of the kernel, as many as there are at once; -1 with errno. A GNU extension
   that the Glibc module does not show, and a system call of Linux alone. `more` says that more follows at once. */
static inline long weaver_splice(int from, int to, size_t count, int more) {
#ifdef SYS_splice
    return syscall(SYS_splice, from, NULL, to, NULL, count, 1u /* MOVE */ | 2u /* NONBLOCK */ | (more ? 4u /* MORE */ : 0u));
#else
    (void)from; (void)to; (void)count; (void)more;
    errno = ENOSYS;
    return -1;
#endif
}

/* A pipe for weaver_splice, or -1 where there is no such thing. It asks for room for `size` bytes, which the system may
   refuse: then it has what every pipe has. fcntl is variadic. */
static inline int weaver_splice_pipe(int descriptors[2], int size) {
#ifdef SYS_splice
    if (pipe2(descriptors, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
    fcntl(descriptors[1], 1031 /* F_SETPIPE_SZ */, size);
    return 0;
#else
    (void)descriptors; (void)size;
    return -1;
#endif
}

/* Whether bytes wait on a socket. */
static inline int weaver_has_input(int descriptor) {
    char byte;
    return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* Whether nothing waits on a socket, neither bytes nor its end nor an error. */
static inline int weaver_is_quiet(int descriptor) {
    char byte;
    return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* How many descriptors the process may have open. The resource's C type is not the same in every library, and the
   value for no limit is a macro with a cast. */
static inline long weaver_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
    return limit.rlim_cur > 1L << 30 ? 1L << 30 : (long)limit.rlim_cur;
}

/* The error that a socket is waiting to tell, 0 for none, or when it is no socket. libuv reports an end of the stream when
   poll says that the peer is gone and the last read was short, without looking whether it ended by a reset. */
static inline int weaver_socket_error(int descriptor) {
    int error = 0;
    socklen_t size = sizeof(error);
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : 0;
}

/* prctl is variadic. Does nothing where there is no such thing. */
static inline int weaver_set_parent_death_signal(int number) {
#ifdef __linux__
    return prctl(PR_SET_PDEATHSIG, number);
#else
    (void)number;
    return 0;
#endif
}

/* The resource's type is an enum or an int, depending on _GNU_SOURCE. Gives the soft limit of open files afterwards. */
static inline unsigned long weaver_raise_open_files(unsigned long wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    rlim_t target = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
    if (limit.rlim_cur >= target) return limit.rlim_cur;
    struct rlimit raised = {.rlim_cur = target, .rlim_max = limit.rlim_max};
    return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? target : limit.rlim_cur;
}

/* The parameters are macros, and glibc's alone. What the user has set in the environment stays. */
static inline void weaver_keep_freed_memory(int bytes) {
#ifdef __GLIBC__
    if (getenv("MALLOC_TRIM_THRESHOLD_") || getenv("GLIBC_TUNABLES")) return;
    mallopt(M_TRIM_THRESHOLD, bytes);
    mallopt(M_MMAP_THRESHOLD, bytes);
#else
    (void)bytes;
#endif
}

/* SIG_IGN is a macro with a cast, which Swift does not import. A peer that went away must be an error, not a signal. An
   application that handles the signal itself keeps its handler: writing fails either way. */
static inline void weaver_ignore_sigpipe(void) {
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL) {
        signal(SIGPIPE, SIG_IGN);
    }
}

#endif
