/* test_clock.h — the wall clock, moved by a file for tests of jumps and long deadlines.
 * `--test-clock FILE`: a number of microseconds in FILE is added to every reading. */
#pragma once

#include "base/time.h"

struct test_clock {
    char file[256];  // "": the true time
};

/* The moment; a file that is not there or has no number in it adds nothing. */
bl_time test_clock_now(const struct test_clock *clock);
