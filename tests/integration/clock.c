/* clock.so — put before the C library of a command line under test (LD_PRELOAD), it lets it live at
 * the moment to which the test has moved its hall: the microseconds in the file BINGLIAN_CLOCK are
 * added to the wall clock, as `--test-clock` does for the broker. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)
#define NUMBER_BYTES_MAX 32

static int64_t offset_us;

__attribute__((constructor)) static void read_offset(void)
{
    char text[NUMBER_BYTES_MAX + 1] = "";
    const char *path = getenv("BINGLIAN_CLOCK");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!read(fd, text, NUMBER_BYTES_MAX);
        (void)close(fd);
    }
    offset_us = strtoll(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*next)(clockid_t, struct timespec *);

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "clock_gettime");
    }
    int status = next(clock, now);
    if (status == 0 && clock == CLOCK_REALTIME) {
        int64_t ns = now->tv_nsec + offset_us % SECOND_US * 1000;

        now->tv_sec += offset_us / SECOND_US + (ns < 0 ? -1 : ns / SECOND_NS);
        now->tv_nsec = ns < 0 ? ns + SECOND_NS : ns % SECOND_NS;
    }
    return status;
}
