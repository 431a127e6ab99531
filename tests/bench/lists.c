/* Lists out of many cases: fills a store through core and store, without sockets, then asks for a
 * page of fifty under each filter, many times, from random places. Prints a table and one JSON
 * object, times in milliseconds.
 *
 *   bench-lists [-n APPLICATIONS] [-r ROUNDS] -d DIR WORKFLOW_DIR
 * A store that has so many already is only asked.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker/cycle.h"
#include "fanout_form.h"
#include "publish.h"
#include "store/query.h"
#include "store/read.h"

#define ITEMS 5
#define BATCH 500
#define WINDOWS 50
#define OPEN_PERCENT 10
#define DAYS 60  // over which the cases came in
#define ROUNDS_MAX 2000

static const char *const items[ITEMS] = { "licence", "seal", "tax", "insurance", "medical" };
static const char *const departments[ITEMS] = { "amr", "psb", "tax", "hrss", "nhsa" };
static const struct principal supervisor = { BL__KEY__ROLE__SUPERVISOR, "bench", "" };

struct bench {
    struct store *store;
    struct catalog *catalog;
    struct log log;
    struct cycle *cycle;
    struct batch batch;
    struct bl_arena arena;
    Bl__Submit submit;
    Bl__Content *content;
    uint64_t waiting[BATCH];
    size_t waiting_count;
    uint64_t wanted, rounds, submitted;
    bl_time begun, now;
};

static void stop(const char *what, const struct bl_error *e)
{
    (void)fprintf(stderr, "%s: %s\n", what, e->text);
    exit(1);
}

/* --- filling ---------------------------------------------------------------------------------- */

static void run(struct bench *bench)
{
    struct bl_error e = { 0 };

    if (cycle_run(bench->cycle, &bench->batch, bench->now, &e) != BL_OK) {
        stop("cycle", &e);
    }
    bench->waiting_count = 0;
    for (size_t i = 0; i < bench->batch.command_count; i++) {
        const struct batch_command *command = &bench->batch.commands[i];

        if (command->answer.refusal != NULL) {
            (void)fprintf(stderr, "refused: %s %s\n", command->answer.refusal->rule,
                          command->answer.refusal->pointer);
            exit(1);
        }
        if (command->command->what_case == BL__COMMAND__WHAT_SUBMIT &&
            command->answer.application_id % 100 >= OPEN_PERCENT) {
            bench->waiting[bench->waiting_count++] = command->answer.application_id;
        }
    }
}

static void add_decisions(struct bench *bench)
{
    static struct principal workers[ITEMS];

    for (size_t k = 0; k < ITEMS; k++) {
        workers[k] = (struct principal){ .role = BL__KEY__ROLE__WORKER, .name = "worker" };
        bl_text_copy(workers[k].department, sizeof workers[k].department, departments[k]);
    }
    for (size_t i = 0; i < bench->waiting_count * ITEMS; i++) {
        Bl__Command *command = bl_arena_new(&bench->batch.arena, Bl__Command);
        Bl__Decide *decide = bl_arena_new(&bench->batch.arena, Bl__Decide);

        bl__command__init(command);
        bl__decide__init(decide);
        decide->item = items[i % ITEMS];
        decide->result = BL__ITEM__RESULT__GRANTED;
        decide->attempt = "7-1042";
        command->application_id = bench->waiting[i / ITEMS];
        command->what_case = BL__COMMAND__WHAT_DECIDE;
        command->decide = decide;
        (void)batch_add(&bench->batch, command, &workers[i % ITEMS]);
    }
}

/* A number of papers whose check digit is right (GB 11643), each five times. */
static const char *person(struct bl_arena *arena, uint64_t n)
{
    static const int weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    uint64_t who = n / 5;
    char *id =
        bl_arena_printf(arena, "110105%04d%02d%02d%03d", (int)(1940 + who / 336000 % 60),
                        (int)(1 + who / 28000 % 12), (int)(1 + who / 1000 % 28), (int)(who % 1000));
    int sum = 0;

    for (size_t i = 0; i < BL_COUNT(weights); i++) {
        sum += (id[i] - '0') * weights[i];
    }
    return bl_arena_printf(arena, "%s%c", id, "10X98765432"[sum % 11]);
}

static void add_submission(struct bench *bench)
{
    static const struct principal clerk = { BL__KEY__ROLE__CLERK, "clerk", "" };
    struct bl_arena *arena = &bench->batch.arena;
    Bl__Command *command = bl_arena_new(arena, Bl__Command);
    Bl__Submit *submit = bl_arena_new(arena, Bl__Submit);
    uint64_t n = ++bench->submitted;

    *submit = bench->submit;
    submit->window = bl_arena_printf(arena, "w-%02d", (int)(n * 7919 % WINDOWS));
    bench->content->applicant->id = person(arena, n);
    submit->content.data = bl_arena_alloc(arena, bl__content__get_packed_size(bench->content));
    submit->content.len = bl__content__pack(bench->content, submit->content.data);
    bl__command__init(command);
    command->request_id = bl_arena_printf(
        arena, "%08" PRIx64 "-%04" PRIx64 "-7000-8000-%012" PRIx64,
        (uint64_t)(bench->now / 1000) >> 16, (uint64_t)(bench->now / 1000) & 0xffff, n);
    command->what_case = BL__COMMAND__WHAT_SUBMIT;
    command->submit = submit;
    (void)batch_add(&bench->batch, command, &clerk);
}

static void fill(struct bench *bench)
{
    while (bench->submitted < bench->wanted || bench->waiting_count > 0) {
        uint64_t left = bench->wanted - bench->submitted;

        bench->now = bench->begun +
                     (bl_time)((double)bench->submitted / (double)bench->wanted * DAYS * DAY_US);
        batch_reset(&bench->batch);
        add_decisions(bench);
        for (uint64_t i = 0; i < (left < BATCH ? left : BATCH); i++) {
            add_submission(bench);
        }
        run(bench);
    }
}

/* --- asking ----------------------------------------------------------------------------------- */

static int compare_spans(const void *a, const void *b)
{
    bl_span one = *(const bl_span *)a, other = *(const bl_span *)b;

    return (one > other) - (one < other);
}

typedef void (*filter)(struct bench *bench, Bl__ListApplications *what, uint64_t chance);

#define VARY(name, ...)                                                                            \
    static void name(struct bench *bench, Bl__ListApplications *what, uint64_t chance)             \
    {                                                                                              \
        (void)bench;                                                                               \
        (void)chance;                                                                              \
        __VA_ARGS__                                                                                \
    }
VARY(all, (void)what;)
VARY(red, what->light = BL__LIGHT__RED;)
VARY(yellow, what->light = BL__LIGHT__YELLOW;)
VARY(green, what->light = BL__LIGHT__GREEN;)
VARY(blue, what->light = BL__LIGHT__BLUE;)
VARY(grey, what->light = BL__LIGHT__GREY;)
VARY(department, what->department = departments[chance % ITEMS];)
VARY(completed, what->state = BL__APPLICATION__STATE__COMPLETED;)
VARY(accepted, what->state = BL__APPLICATION__STATE__ACCEPTED;)
VARY(withdrawn, what->state = BL__APPLICATION__STATE__WITHDRAWN;)
VARY(workflow, what->workflow = "fanout5";)
VARY(window, what->window = bl_arena_printf(&bench->arena, "w-%02d", (int)(chance % WINDOWS));)
VARY(due, what->due_from = bench->begun + (bl_time)(chance % DAYS) * DAY_US;
     what->due_to = what->due_from + DAY_US;)
VARY(applicant, what->applicant = person(&bench->arena, 1 + chance % bench->wanted);)
VARY(window_open, window(bench, what, chance); what->open = true;)
VARY(window_done, window(bench, what, chance); completed(bench, what, chance);)
VARY(window_due, window(bench, what, chance); due(bench, what, chance);)
VARY(red_workflow, red(bench, what, chance); workflow(bench, what, chance);)

static size_t ask(struct bench *bench, filter vary, uint64_t chance)
{
    struct query_context context = { bench->store, bench->catalog, bench->now };
    Bl__ListApplications what = BL__LIST_APPLICATIONS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    Bl__QueryAnswer answer;
    struct bl_error e = { 0 };

    vary(bench, &what, chance);
    query.what_case = BL__QUERY__WHAT_APPLICATIONS;
    query.applications = &what;
    bl__query_answer__init(&answer);
    if (query_answer(&context, &query, &supervisor, bench->now, &bench->arena, &answer, &e) !=
        BL_OK) {
        stop("query", &e);
    }
    return answer.n_applications;
}

static void measure(struct bench *bench, const char *name, filter vary, const char *comma)
{
    static bl_span took[ROUNDS_MAX];
    size_t found = 0;
    uint64_t chance = 88172645463325252;

    for (uint64_t i = 0; i < bench->rounds; i++) {
        chance ^= chance << 13;  // xorshift: the same in each run
        chance ^= chance >> 7;
        chance ^= chance << 17;
        bl_arena_reset(&bench->arena);
        bl_span from = bl_time_monotonic();
        found += ask(bench, vary, chance);
        took[i] = bl_time_monotonic() - from;
    }
    qsort(took, bench->rounds, sizeof *took, compare_spans);
    double p50 = (double)took[bench->rounds / 2] / 1000;
    double p99 = (double)took[bench->rounds * 99 / 100] / 1000;
    (void)fprintf(stderr, "%-22s %8.1f rows %8.3f %8.3f\n", name,
                  (double)found / (double)bench->rounds, p50, p99);
    (void)printf("\"%s\":{\"p50_ms\":%.3f,\"p99_ms\":%.3f}%s", name, p50, p99, comma);
}

static void measure_all(struct bench *bench)
{
    // clang-format off
    static const struct { const char *name; filter vary; } rows[] = {
        { "all", all }, { "red", red }, { "yellow", yellow }, { "green", green }, { "blue", blue },
        { "grey", grey }, { "department", department }, { "completed", completed },
        { "accepted", accepted }, { "withdrawn", withdrawn }, { "workflow", workflow },
        { "window", window }, { "due", due }, { "applicant", applicant },
        { "window_open", window_open }, { "window_completed", window_done },
        { "window_due", window_due }, { "red_workflow", red_workflow },
    };
    // clang-format on
    (void)fprintf(stderr, "%-22s %13s %8s %8s\n", "pages of fifty", "", "p50 ms", "p99 ms");
    (void)printf("{\"lists_of\":%" PRIu64 ",", bench->wanted);
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        measure(bench, rows[i].name, rows[i].vary, i + 1 < BL_COUNT(rows) ? "," : "}\n");
    }
}

static void open_bench(struct bench *bench, const char *folder)
{
    struct store_config store = { .path = folder };
    struct cycle_config cycle = { 0 };
    struct bl_error e = { 0 };

    if (store_open(&store, &bench->store, &e) != BL_OK) {
        stop(folder, &e);
    }
    catalog_open(bench->store, &bench->catalog);
    if (cycle_open(&cycle, bench->store, bench->catalog, &bench->log, &bench->cycle, &e) != BL_OK) {
        stop(folder, &e);
    }
    batch_init(&bench->batch);
    bl_arena_init(&bench->arena, 1 << 20, SIZE_MAX);
    fanout_submit(&bench->submit);
    bench->content =
        bl__content__unpack(NULL, bench->submit.content.len, bench->submit.content.data);
    CHECK(bench->content != NULL);
}

/* The newest id, read from the store itself. */
static uint64_t stored(struct bench *bench)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    uint64_t newest = 0;
    struct bl_error e = { 0 };

    if (store_read_begin(bench->store, &read, &e) != BL_OK ||
        read_newest_application(read, &newest, &e) != BL_OK) {
        stop("store", &e);
    }
    return newest;
}

int main(int argc, char **argv)
{
    static struct bench bench = { .wanted = 1000000, .rounds = 300 };
    const char *folder = NULL;

    for (int option; (option = getopt(argc, argv, "n:r:d:")) != -1;) {
        if (option == 'n') {
            bench.wanted = strtoull(optarg, NULL, 10);
        } else if (option == 'r') {
            bench.rounds = strtoull(optarg, NULL, 10);
        } else if (option == 'd') {
            folder = optarg;
        }
    }
    if (folder == NULL || optind + 1 != argc || bench.rounds == 0 || bench.rounds > ROUNDS_MAX) {
        (void)fprintf(stderr, "bench-lists [-n N] [-r ROUNDS] -d STORE WORKFLOWS\n");
        return 2;
    }
    bench.begun = INT64_C(1767571200000000);  // 2026-01-05 08:00 in the hall
    bench.now = bench.begun;
    open_bench(&bench, folder);
    if (stored(&bench) < bench.wanted) {
        bench_publish(bench.cycle, &bench.batch, bench.now, argv[optind]);
        bl_span from = bl_time_monotonic();
        fill(&bench);
        (void)fprintf(stderr, "%" PRIu64 " applications in %.1f s\n", bench.wanted,
                      (double)(bl_time_monotonic() - from) / SECOND_US);
    }
    bench.now = bench.begun + DAYS * DAY_US;
    measure_all(&bench);
    bench.content->applicant->id = protobuf_c_empty_string;  // the last was the batch's
    bl__content__free_unpacked(bench.content, NULL);
    bl_arena_free(&bench.arena);
    batch_free(&bench.batch);
    cycle_close(&bench.cycle);
    catalog_close(&bench.catalog);
    store_close(&bench.store);
    return 0;
}
