#include "broker/test_clock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define NUMBER_BYTES_MAX 32

static bl_span offset_of(const char *file)
{
    char text[NUMBER_BYTES_MAX + 1];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = fd < 0 ? 0 : read(fd, text, NUMBER_BYTES_MAX);

    if (fd >= 0) {
        (void)close(fd);
    }
    text[bytes > 0 ? bytes : 0] = '\0';
    return strtoll(text, NULL, 10);
}

bl_time test_clock_now(const struct test_clock *clock)
{
    bl_time now = bl_time_now();

    return clock->file[0] == '\0' ? now : now + offset_of(clock->file);
}
