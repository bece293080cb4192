/* A bad disk and a bad clock for one process tree, by LD_PRELOAD. Everything is said in environment variables:

   CHAOS_FOLDER    paths that begin with this are meant
   CHAOS_FAULT     a file of one page, which all processes read and write together. Eight numbers of 64 bits: how many meant calls
                   there were, by kind (open for writing, write, fsync, rename); which kind fails (-1: none), the how-manieth
                   of them, 1 where all after it fail, too, and with which error number
   CHAOS_SLOW_US   how long each fsync and rename sleeps before it is done
   CHAOS_CLOCK     1: the wall clock jumps by months and years, back and forth; the monotonic clock does not
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { OPENED, WRITTEN, SYNCED, RENAMED, KINDS };
struct fault {
    _Atomic int64_t counts[KINDS], kind, at, on, number;
};
static const char *folder;
static long slow, clock_jumps;
static struct fault *fault;

static long as_number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

__attribute__((constructor)) static void begin(void) {
    folder = getenv("CHAOS_FOLDER");
    slow = as_number("CHAOS_SLOW_US");
    clock_jumps = as_number("CHAOS_CLOCK");
    const char *path = getenv("CHAOS_FAULT");
    if (path) {
        int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
        if (file >= 0) {
            void *page = mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
            fault = page == MAP_FAILED ? NULL : page;
            syscall(SYS_close, file);
        }
    }
}

static int fails(enum kind kind, const char *path) {
    if (!folder || !path || strncmp(path, folder, strlen(folder)) != 0) return 0;
    if (slow && (kind == SYNCED || kind == RENAMED)) usleep((useconds_t)slow);
    if (!fault) return 0;
    int64_t count = atomic_fetch_add(&fault->counts[kind], 1) + 1;
    if (fault->kind != (int64_t)kind || count < fault->at || (count > fault->at && !fault->on)) return 0;
    errno = (int)fault->number;
    return 1;
}

static int fails_by_number(enum kind kind, int file) {
    char name[32], path[PATH_MAX];
    if (!folder) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return fails(kind, path);
}

#define REAL(result, name, ...)                                    \
    static result (*real)(__VA_ARGS__);                            \
    if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

#define WRITES(flags) (((flags) & (O_WRONLY | O_RDWR | O_CREAT)) != 0 && ((flags) & O_DIRECTORY) == 0)
#define MODE(flags, mode)                        \
    mode_t mode = 0;                             \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {     \
        va_list more;                            \
        va_start(more, flags);                   \
        mode = (mode_t)va_arg(more, int);        \
        va_end(more);                            \
    }

#define OPEN(name)                                                       \
    int name(const char *path, int flags, ...) {                         \
        MODE(flags, mode)                                                \
        REAL(int, #name, const char *, int, ...);                        \
        return WRITES(flags) && fails(OPENED, path) ? -1 : real(path, flags, mode); \
    }
#define OPENAT(name)                                                     \
    int name(int place, const char *path, int flags, ...) {              \
        MODE(flags, mode)                                                \
        REAL(int, #name, int, const char *, int, ...);                   \
        return WRITES(flags) && fails(OPENED, path) ? -1 : real(place, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void *data, size_t count) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails_by_number(WRITTEN, file) ? -1 : real(file, data, count);
}
#define PWRITE(name)                                                     \
    ssize_t name(int file, const void *data, size_t count, off_t place) { \
        REAL(ssize_t, #name, int, const void *, size_t, off_t);          \
        return fails_by_number(WRITTEN, file) ? -1 : real(file, data, count, place); \
    }
PWRITE(pwrite)
PWRITE(pwrite64)
ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    return fails_by_number(WRITTEN, file) ? -1 : real(file, parts, count);
}

int fsync(int file) {
    REAL(int, "fsync", int);
    return fails_by_number(SYNCED, file) ? -1 : real(file);
}
int fdatasync(int file) {
    REAL(int, "fdatasync", int);
    return fails_by_number(SYNCED, file) ? -1 : real(file);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    return fails(RENAMED, to) ? -1 : real(from, to);
}
int renameat(int from_place, const char *from, int to_place, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return fails(RENAMED, to) ? -1 : real(from_place, from, to_place, to);
}

/* The wall clock: each 40 calls another offset. */
static long offset(void) {
    static atomic_long calls;
    static const long days[] = {0, 400, -30, 3650, -3000, 1};
    return days[(atomic_fetch_add(&calls, 1) / 40) % 6] * 86400;
}
int clock_gettime(clockid_t which, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, which, now);
    if (result == 0 && clock_jumps && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) now->tv_sec += offset();
    return result;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *where) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (where) *where = exact.tv_sec;
    return exact.tv_sec;
}
