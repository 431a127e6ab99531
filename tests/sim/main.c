/* binglian-sim: plays runs from a seed, and stops at the first promise that is broken. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "sim.h"

#define ITEMS_DEFAULT 60
#define RUNS_DEFAULT 100
#define BUG_RUNS_MAX 300  // within which a planted bug has to be found
#define WARM_RUNS 20      // after which memory may grow no more
#define GROWTH_MAX ((size_t)4 << 20)

static const char usage[] =
    "binglian-sim [--seed N] [--runs N] [--items N] [--seconds S] [--trace] [--bug NAME | --bugs]\n"
    "             [--calm KIND]... [--shrink] [--bare] [--same N]\n"
    "Plays runs of a simulated hall; the first has the seed, each further one the next number.\n"
    "  --seed N     where all chance comes from; drawn if absent, and printed first\n"
    "  --runs N     how many (100)\n"
    "  --items N    of each run, roughly (60)\n"
    "  --seconds S  begin no run after so many seconds\n"
    "  --trace      tell every step\n"
    "  --bug NAME   plant a bug: the run has to fail\n"
    "  --bugs       plant each of them, and say what found it\n"
    "  --calm KIND  this kind of weather does not come: lose, repeat, reorder, cut, crash, full,\n"
    "               worker_dies, worker_stalls, worker_fails, jump\n"
    "  --bare       how fast it plays where nobody checks: core, store, dispatch, sessions, client "
    "and\n"
    "               worker logic and the network go on as they do, and events are folded; left out "
    "are\n"
    "               the model's rules, the store's states, rows, counts and chain, and the "
    "engine's\n"
    "               own checks of dispatch and sessions\n"
    "  --same N     plays the first run N times: the same seed has to make the same bytes of "
    "events\n"
    "  --shrink     the first run that fails, as few items and faults as it needs, and its story\n"
    "A step is whatever happens to one thing at one moment:\n"
#define X(kind, text) "  " #kind ": " text "\n"
    SIM_STEPS(X)
#undef X
        "Exit status: 0 all promises held (or each bug was found), 1 one was broken, 2 usage.\n";

static const struct {
    const char *name, *text;
} bugs[] = {
#define X(bug, name, text) [bug] = { name, text },
    SIM_BUGS(X)
#undef X
};

struct arguments {
    struct sim_options options;
    uint64_t runs;
    double seconds;
    uint64_t same;
    bool has_seed, all_bugs, shrinks;
};

static double seconds_since(const struct timespec *from, clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static bool read_number(const char *text, uint64_t *number)
{
    char *end;

    *number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

static bool read_bug(const char *name, enum sim_bug *bug)
{
    for (size_t i = 0; i < BL_COUNT(bugs); i++) {
        if (strcmp(bugs[i].name, name) == 0) {
            *bug = (enum sim_bug)i;
            return true;
        }
    }
    return false;
}

static bool read_calm(const char *name, uint32_t *calm)
{
    for (size_t i = 0; i < SIM_WEATHER_COUNT; i++) {
        if (strcmp(sim_weather_names[i], name) == 0) {
            *calm |= 1U << i;
            return true;
        }
    }
    return false;
}

static bool read_arguments(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },  { "runs", required_argument, NULL, 'r' },
        { "items", required_argument, NULL, 'i' }, { "seconds", required_argument, NULL, 't' },
        { "trace", no_argument, NULL, 'v' },       { "bug", required_argument, NULL, 'b' },
        { "bugs", no_argument, NULL, 'B' },        { "calm", required_argument, NULL, 'c' },
        { "shrink", no_argument, NULL, 'S' },      { "bare", no_argument, NULL, 'f' },
        { "same", required_argument, NULL, 'm' },  { NULL, 0, NULL, 0 },
    };
    uint64_t number = 0;
    bool good = true;

    for (int c; good && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        good = strchr("vBSbcf", c) != NULL || (c != '?' && read_number(optarg, &number));
        if (c == 's') {
            arguments->options.seed = number;
            arguments->has_seed = true;
        } else if (c == 'r') {
            arguments->runs = number;
        } else if (c == 'i') {
            good = good && number > 0 && number <= 1000000;
            arguments->options.items = (uint32_t)number;
        } else if (c == 't') {
            arguments->seconds = (double)number;
        } else if (c == 'v') {
            arguments->options.trace = true;
        } else if (c == 'B') {
            arguments->all_bugs = true;
        } else if (c == 'S') {
            arguments->shrinks = true;
        } else if (c == 'f') {
            arguments->options.bare = true;
        } else if (c == 'm') {
            arguments->same = number;
        } else if (c == 'c') {
            good = read_calm(optarg, &arguments->options.calm);
        } else if (c == 'b') {
            good = read_bug(optarg, &arguments->options.bug);
        }
    }
    return good && optind == argc;
}

/* A folder in memory, so that no disk sets the pace; else wherever temporary files go. */
static void make_folder(char *path, size_t size)
{
    struct stat there;
    bool memory = stat("/dev/shm", &there) == 0 && access("/dev/shm", W_OK) == 0;

    (void)snprintf(path, size, "%s/binglian-sim.XXXXXX", memory ? "/dev/shm" : "/tmp");
    CHECK(mkdtemp(path) != NULL);
}

static uint64_t total(const struct sim_steps *steps)
{
    uint64_t sum = 0;

#define X(kind, text) sum += steps->kind;
    SIM_STEPS(X)
#undef X
    return sum;
}

static void report(const struct sim_result *sum, uint64_t runs, double cpu, double wall)
{
    (void)printf("%llu runs, %llu applications, %llu items, %llu events, %llu crashes\n"
                 "%llu steps:",
                 (unsigned long long)runs, (unsigned long long)sum->applications,
                 (unsigned long long)sum->items, (unsigned long long)sum->events,
                 (unsigned long long)sum->crashes, (unsigned long long)total(&sum->steps));
#define X(kind, text) (void)printf(" %llu " #kind, (unsigned long long)sum->steps.kind);
    SIM_STEPS(X)
#undef X
    (void)printf(
        "\n%.0f steps a CPU second, %.0f runs a CPU minute, %.0f x real time (with the nights that "
        "are leapt over %.0f x)\n"
        "hash %016llx\n",
        (double)total(&sum->steps) / cpu, (double)runs * 60 / cpu, (double)sum->lasted / 1e6 / wall,
        (double)(sum->lasted + sum->leapt) / 1e6 / wall, (unsigned long long)sum->hash);
}

static void add(struct sim_result *sum, const struct sim_result *run)
{
#define X(kind, text) sum->steps.kind += run->steps.kind;
    SIM_STEPS(X)
#undef X
    sum->events += run->events;
    sum->applications += run->applications;
    sum->items += run->items;
    sum->crashes += run->crashes;
    sum->lasted += run->lasted;
    sum->leapt += run->leapt;
    sum->hash = (sum->hash ^ run->hash) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Runs give back what they took. */
static bool memory_is_flat(uint64_t run, size_t *warm)
{
    size_t used = mallinfo2().uordblks;

    if (run == WARM_RUNS) {
        *warm = used;
    }
    return run <= WARM_RUNS || used <= *warm + GROWTH_MAX;
}

static int play(const struct arguments *arguments)
{
    struct sim_options options = arguments->options;
    struct sim_result sum = { 0 };
    struct timespec cpu, wall;
    size_t warm = 0;
    uint64_t run = 0;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
    (void)clock_gettime(CLOCK_MONOTONIC, &wall);
    for (; run < arguments->runs; run++, options.seed++) {
        if (arguments->seconds > 0 && seconds_since(&wall, CLOCK_MONOTONIC) > arguments->seconds) {
            break;
        }
        struct sim_result result = sim_run(&options);

        add(&sum, &result);
        if (!memory_is_flat(run, &warm)) {
            (void)fprintf(stderr, "broken: memory grows from run to run, seed %llu\n",
                          (unsigned long long)options.seed);
            return EXIT_FAILURE;
        }
    }
    report(&sum, run, seconds_since(&cpu, CLOCK_PROCESS_CPUTIME_ID),
           seconds_since(&wall, CLOCK_MONOTONIC));
    return EXIT_SUCCESS;
}

/* One seed, again and again. */
static int play_same(const struct arguments *arguments)
{
    uint64_t hash = 0;

    for (uint64_t run = 0; run < arguments->same; run++) {
        struct sim_result result = sim_run(&arguments->options);

        if (run > 0 && result.hash != hash) {
            (void)fprintf(stderr, "broken: run %llu of the same seed makes other events\n",
                          (unsigned long long)run + 1);
            return EXIT_FAILURE;
        }
        hash = result.hash;
    }
    (void)printf("%llu runs of one seed, the same events in each: hash %016llx\n",
                 (unsigned long long)arguments->same, (unsigned long long)hash);
    return EXIT_SUCCESS;
}

/* The first run in which a planted bug is found; false: in none. */
static bool find_bug(const struct arguments *arguments, enum sim_bug bug, char *line, size_t size,
                     struct sim_options *found)
{
    *found = arguments->options;
    found->bug = bug;
    for (uint64_t run = 0; run < BUG_RUNS_MAX; run++, found->seed++) {
        if (sim_breaks(found, false, line, size)) {
            return true;
        }
    }
    return false;
}

static int play_bugs(const struct arguments *arguments)
{
    int missed = 0;

    for (size_t i = BUG_NONE + 1; i < BL_COUNT(bugs); i++) {
        char line[256];
        struct sim_options at;
        bool found = find_bug(arguments, (enum sim_bug)i, line, sizeof line, &at);

        (void)printf("%-15s %s\n    %s: %s%s", bugs[i].name, bugs[i].text,
                     found ? "found" : "MISSED", line, line[0] == '\0' ? "\n" : "");
        (void)fflush(stdout);
        missed += !found;
    }
    (void)printf("%zu bugs planted, %d missed\n", BL_COUNT(bugs) - 1, missed);
    return missed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Seeds until one fails; that one is made short. */
static int play_to_shrink(const struct arguments *arguments)
{
    struct sim_options options = arguments->options;

    for (uint64_t run = 0; run < arguments->runs; run++, options.seed++) {
        if (shrink(&options)) {
            return EXIT_FAILURE;
        }
    }
    (void)printf("%llu runs, all promises held\n", (unsigned long long)arguments->runs);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .runs = RUNS_DEFAULT, .options.items = ITEMS_DEFAULT };
    char folder[64];

    if (!read_arguments(argc, argv, &arguments)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    if (!arguments.has_seed) {
        CHECK(getrandom(&arguments.options.seed, sizeof arguments.options.seed, 0) ==
              sizeof arguments.options.seed);
        arguments.options.seed %= UINT64_C(1000000000000);
    }
    (void)printf("seed %llu\n", (unsigned long long)arguments.options.seed);
    (void)fflush(stdout);
    make_folder(folder, sizeof folder);
    arguments.options.folder = folder;
    arguments.options.mute = !arguments.options.trace;
    int status = arguments.all_bugs   ? play_bugs(&arguments)
                 : arguments.shrinks  ? play_to_shrink(&arguments)
                 : arguments.same > 0 ? play_same(&arguments)
                                      : play(&arguments);

    (void)rmdir(folder);
    return status;
}
