/* check.h — assertions that are on in every build.
 * CHECK is for our own mistakes only: what a clerk, a worker, a file or the network can cause is
 * an error (error.h). A process that stops and recovers from its log does less harm than one that
 * goes on in a state nobody has thought of. */
#pragma once

#define MUST_CHECK __attribute__((warn_unused_result))
#define AUTO(f) __attribute__((cleanup(f)))

/* Prints where and what, then aborts. */
__attribute__((noreturn)) void bl_check_failed(const char *file, int line, const char *condition);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0)) {                                                   \
            bl_check_failed(__FILE__, __LINE__, #condition);                                       \
        }                                                                                          \
    } while (0)

#define UNREACHABLE() bl_check_failed(__FILE__, __LINE__, "unreachable")

#define BL_COUNT(array) (sizeof(array) / sizeof((array)[0]))
