/* A failure made short: the fewest items, then the fewest kinds of weather, that break the same
 * promise. Other items are other chance, so a few seeds are tried at each size. Each try is a
 * process of its own, and the same words on the command line play it again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim.h"

#define SEEDS_TRIED 60  // at each size
#define LINE_BYTES 256

bool sim_breaks(const struct sim_options *options, bool tell, char *line, size_t size)
{
    int ends[2], status = 0;
    char said[LINE_BYTES];

    CHECK(pipe(ends) == 0);
    (void)fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct sim_options played = *options;

        played.mute = !tell;
        (void)dup2(ends[1], STDERR_FILENO);
        if (!tell) {
            CHECK(freopen("/dev/null", "w", stdout) != NULL);
        }
        (void)sim_run(&played);
        _exit(EXIT_SUCCESS);
    }
    (void)close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    CHECK(from != NULL);
    line[0] = '\0';
    while (fgets(said, sizeof said, from) != NULL) {
        if (strncmp(said, "broken: ", 8) == 0) {
            (void)snprintf(line, size, "%s", said + 8);
        }
        if (tell) {
            (void)fputs(said, stdout);
        }
    }
    (void)fclose(from);
    CHECK(waitpid(child, &status, 0) == child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS;
}

/* The same promise: what is said is the same but for its numbers. */
static bool is_same(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        while (*a >= '0' && *a <= '9') {
            a++;
        }
        while (*b >= '0' && *b <= '9') {
            b++;
        }
        if (*a != *b) {
            return false;
        }
        a += *a != '\0';
        b += *b != '\0';
    }
    return true;
}

static bool breaks_alike(const struct sim_options *options, const char *promise)
{
    char line[LINE_BYTES];

    return sim_breaks(options, false, line, sizeof line) && is_same(line, promise);
}

/* Fewer items: the first size at which one of a few seeds breaks the promise too. */
static void fewer_items(struct sim_options *options, const char *promise)
{
    for (uint32_t items = 1; items < options->items; items += 1 + items / 2) {
        struct sim_options tried = *options;

        tried.items = items;
        for (uint32_t i = 0; i < SEEDS_TRIED; i++, tried.seed++) {
            if (breaks_alike(&tried, promise)) {
                *options = tried;
                return;
            }
        }
    }
}

static void calmer(struct sim_options *options, const char *promise)
{
    for (size_t i = 0; i < SIM_WEATHER_COUNT; i++) {
        struct sim_options tried = *options;

        tried.calm |= 1U << i;
        if (breaks_alike(&tried, promise)) {
            *options = tried;
        }
    }
}

bool shrink(const struct sim_options *options)
{
    struct sim_options small = *options;
    char promise[LINE_BYTES], line[LINE_BYTES];

    if (!sim_breaks(options, false, promise, sizeof promise)) {
        return false;
    }
    (void)printf("broken: %s", promise);
    calmer(&small, promise);
    fewer_items(&small, promise);
    calmer(&small, promise);
    (void)printf("as short as it was found:\n");
    (void)sim_breaks(&small, true, line, sizeof line);
    return true;
}
