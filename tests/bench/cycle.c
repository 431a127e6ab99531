/* The cycle without sockets: submissions and decisions in batches, straight into core and store.
 * It measures what the engine costs by itself, and makes the large stores of the other benchmarks.
 *
 *   bench-cycle [-n APPLICATIONS] [-b APPLICATIONS_IN_A_BATCH] [-o OPEN_PERCENT] [-m MAP_MIB] -d
 * DIR WORKFLOW_DIR
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/cycle.h"
#include "fanout_form.h"
#include "publish.h"
#include "store/stats.h"

#define ITEMS 5

static const char *const items[ITEMS] = { "licence", "seal", "tax", "insurance", "medical" };
static const char *const departments[ITEMS] = { "amr", "psb", "tax", "hrss", "nhsa" };

struct options {
    uint64_t applications;
    uint32_t batch;
    uint32_t open_percent;
    size_t map_bytes;  // 0: the default; less for tools that map it all
    const char *store, *workflows;
};

struct bench {
    struct options options;
    struct store *store;
    struct catalog *catalog;
    struct log log;
    struct cycle *cycle;
    struct batch batch;
    bl_time now;
    Bl__Submit submit;
    struct principal workers[ITEMS];
    uint64_t waiting[1 << 16];  // applications whose decisions the next batch brings
    size_t waiting_count;
    uint64_t submitted, events, batches;
};

static void stop(const char *what, const struct bl_error *e)
{
    (void)fprintf(stderr, "%s: %s\n", what, e->text);
    exit(1);
}

/* --- batches -----------------------------------------------------------------------------------
 */

static void add_decisions(struct bench *bench)
{
    struct bl_arena *arena = &bench->batch.arena;

    for (size_t i = 0; i < bench->waiting_count; i++) {
        for (size_t k = 0; k < ITEMS; k++) {
            Bl__Command *command = bl_arena_new(arena, Bl__Command);
            Bl__Decide *decide = bl_arena_new(arena, Bl__Decide);

            bl__command__init(command);
            bl__decide__init(decide);
            decide->item = items[k];
            decide->result = BL__ITEM__RESULT__GRANTED;
            decide->attempt = "7-1042";
            decide->opinion = "经审查，材料齐全，符合规定条件，同意。";
            command->application_id = bench->waiting[i];
            command->what_case = BL__COMMAND__WHAT_DECIDE;
            command->decide = decide;
            (void)batch_add(&bench->batch, command, &bench->workers[k]);
        }
    }
    bench->waiting_count = 0;
}

static void add_submissions(struct bench *bench)
{
    static const struct principal clerk = { BL__KEY__ROLE__CLERK, "clerk", "" };
    struct bl_arena *arena = &bench->batch.arena;
    uint64_t left = bench->options.applications - bench->submitted;
    uint64_t count = left < bench->options.batch ? left : bench->options.batch;

    for (uint64_t i = 0; i < count; i++) {
        Bl__Command *command = bl_arena_new(arena, Bl__Command);
        uint64_t n = ++bench->submitted;

        bl__command__init(command);
        command->request_id = bl_arena_printf(
            arena, "%08" PRIx64 "-%04" PRIx64 "-7000-8000-%012" PRIx64,
            (uint64_t)(bench->now / 1000) >> 16, (uint64_t)(bench->now / 1000) & 0xffff, n);
        command->what_case = BL__COMMAND__WHAT_SUBMIT;
        command->submit = &bench->submit;
        (void)batch_add(&bench->batch, command, &clerk);
    }
}

static void collect(struct bench *bench)
{
    for (size_t i = 0; i < bench->batch.command_count; i++) {
        const Bl__Answer *answer = &bench->batch.commands[i].answer;

        if (answer->refusal != NULL) {
            (void)fprintf(stderr, "refused: %s %s\n", answer->refusal->rule,
                          answer->refusal->pointer);
            exit(1);
        }
        if (bench->batch.commands[i].command->what_case == BL__COMMAND__WHAT_SUBMIT &&
            answer->application_id % 100 >= bench->options.open_percent) {
            bench->waiting[bench->waiting_count++] = answer->application_id;
        }
    }
}

static void run(struct bench *bench)
{
    struct bl_error e = { 0 };

    while (bench->submitted < bench->options.applications || bench->waiting_count > 0) {
        batch_reset(&bench->batch);
        add_decisions(bench);
        add_submissions(bench);
        bench->now = bl_time_now();
        if (cycle_run(bench->cycle, &bench->batch, bench->now, &e) != BL_OK) {
            stop("cycle", &e);
        }
        collect(bench);
        bench->batches++;
    }
    bench->events = bench->batch.newest_event;
}

static void open_bench(struct bench *bench)
{
    struct store_config store = { .path = bench->options.store,
                                  .map_bytes = bench->options.map_bytes };
    struct cycle_config cycle = { 0 };
    struct bl_error e = { 0 };

    if (store_open(&store, &bench->store, &e) != BL_OK) {
        stop(bench->options.store, &e);
    }
    catalog_open(bench->store, &bench->catalog);
    if (cycle_open(&cycle, bench->store, bench->catalog, &bench->log, &bench->cycle, &e) != BL_OK) {
        stop(bench->options.store, &e);
    }
    batch_init(&bench->batch);
    bench->now = bl_time_now();
    for (size_t i = 0; i < ITEMS; i++) {
        bench->workers[i] = (struct principal){ .role = BL__KEY__ROLE__WORKER, .name = "worker" };
        bl_text_copy(bench->workers[i].department, sizeof bench->workers[i].department,
                     departments[i]);
    }
    fanout_submit(&bench->submit);
}

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void report(const struct bench *bench, bl_span wall, const struct rusage *before)
{
    struct rusage after;
    double n = (double)bench->options.applications;

    (void)getrusage(RUSAGE_SELF, &after);
    double cpu = seconds_of(after.ru_utime) + seconds_of(after.ru_stime) -
                 seconds_of(before->ru_utime) - seconds_of(before->ru_stime);
    (void)printf("{\"applications\":%" PRIu64 ",\"events\":%" PRIu64 ",\"batches\":%" PRIu64
                 ",\"apps_per_s\":%.0f,\"cpu_us_per_app\":%.2f,\"content_bytes\":%zu}\n",
                 bench->options.applications, bench->events, bench->batches,
                 n / ((double)wall / 1e6), cpu * 1e6 / n, bench->submit.content.len);
}

int main(int argc, char **argv)
{
    static struct bench bench = { .options = { .applications = 100000, .batch = 500 } };
    struct rusage before;
    int option;

    while ((option = getopt(argc, argv, "n:b:o:m:d:")) != -1) {
        switch (option) {
        case 'n':
            bench.options.applications = strtoull(optarg, NULL, 10);
            break;
        case 'b':
            bench.options.batch = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            bench.options.open_percent = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'm':
            bench.options.map_bytes = (size_t)strtoull(optarg, NULL, 10) << 20;
            break;
        case 'd':
            bench.options.store = optarg;
            break;
        default:
            return 2;
        }
    }
    if (bench.options.store == NULL || optind + 1 != argc ||
        bench.options.batch * (1 + ITEMS) > BATCH_COMMANDS_MAX) {
        (void)fprintf(stderr,
                      "bench-cycle [-n N] [-b N] [-o PERCENT] [-m MIB] -d STORE WORKFLOWS\n");
        return 2;
    }
    bench.options.workflows = argv[optind];
    open_bench(&bench);
    bench_publish(bench.cycle, &bench.batch, bench.now, bench.options.workflows);
    (void)getrusage(RUSAGE_SELF, &before);
    bl_span start = bl_time_monotonic();
    run(&bench);
    report(&bench, bl_time_monotonic() - start, &before);
    batch_free(&bench.batch);
    cycle_close(&bench.cycle);
    catalog_close(&bench.catalog);
    store_close(&bench.store);
    return 0;
}
