/* A load generator: binglian load.
 * Closed loop (--in-flight): so many applications are always under way. Open loop (--rate): they
 * leave at fixed moments whatever becomes of the ones before, and each is measured from the moment
 * at which it was to leave, so a broker that stands still for a second cannot hide it (no
 * coordinated omission). */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/map.h"
#include "cli/command.h"
#include "cli/connect.h"
#include "cli/load_form.h"
#include "cli/load_journal.h"
#include "cli/output.h"
#include "cli/source.h"
#include "core/application.h"

#define APPLICATIONS_MAX 100000000
#define IN_FLIGHT_DEFAULT 64
#define FORM_BYTES ((size_t)64 << 20)
#define WAIT_US (100 * MILLISECOND_US)

/* One application on its way. */
struct call {
    struct load *load;
    bl_span due;  // when it was to leave
    uint64_t id;  // of the application, once it is known
    uint32_t index;
    char key[BL_REQUEST_ID_BYTES];
};

struct load {
    struct cli *cli;
    struct bl_client *client;
    struct definition *definition;
    struct load_journal journal;
    struct chance chance;
    struct bl_arena form;  // of the application that is being made
    bl_day today;
    bool follow;           // --until completed: measured to the end
    uint32_t query_every;  // ask for every so many-th application after its answer
    struct call *calls;
    uint64_t total, sent, ended, acknowledged, refused, unknown, completed;
    double *answered_ms, *completed_ms;  // by order of arrival
    struct bl_map waiting;               // application id → its call, until it is completed
    struct bl_map early;  // completed before its answer was heard: id → its call, or `nobody`
    bl_span begun, last_end;
    char first_refusal[128];
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static double ms_since(bl_span from)
{
    return (double)(bl_time_monotonic() - from) / (double)MILLISECOND_US;
}

/* --- what comes back -------------------------------------------------------------------------- */

static void note_completed(struct load *load, const struct call *call)
{
    load->completed_ms[load->completed++] = ms_since(call->due);
    load->last_end = bl_time_monotonic();
}

static void happened(void *context, const Bl__EventView *view)
{
    struct load *load = context;
    const Bl__Event *event = view->event;

    if (event->aggregate != BL__AGGREGATE__APPLICATION || !application_event_completes(event)) {
        return;
    }
    const struct call *call = bl_map_remove(&load->waiting, event->id);
    if (call != NULL) {
        note_completed(load, call);
    } else {
        bl_map_put(&load->early, event->id,
                   load);  // somebody else's, or its answer is still to come
    }
}

static void shown(void *context, enum bl_err code, const Bl__QueryAnswer *answer)
{
    struct call *call = context;
    struct load *load = call->load;

    if (code == BL_OK && answer->n_applications > 0) {
        const Bl__ApplicationView *application = answer->applications[0];
        struct load_act act = { .id = call->index + 1,
                                .op = "query",
                                .phase = "ok",
                                .app = application->number,
                                .revision = application->revision,
                                .newest = answer->newest_event };

        load_journal_write(&load->journal, &act);
    }
}

static void ask_again(struct load *load, struct call *call, const char *number)
{
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;

    if (load->query_every == 0 || call->index % load->query_every != 0) {
        return;
    }
    get.number = number;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    (void)!bl_client_query(load->client, &query, shown, call, NULL);
}

static void acknowledged(struct load *load, struct call *call, const Bl__Answer *answer)
{
    load->answered_ms[load->acknowledged++] = ms_since(call->due);
    call->id = answer->application_id;
    ask_again(load, call, answer->application);
    if (!load->follow) {
        return;
    }
    if (bl_map_remove(&load->early, call->id) != NULL) {
        note_completed(load, call);
    } else {
        bl_map_put(&load->waiting, call->id, call);
    }
}

static void answered(void *context, enum bl_err code, const Bl__Answer *answer)
{
    struct call *call = context;
    struct load *load = call->load;
    bool unknown = code == BL_TIMEOUT || code == BL_UNKNOWN_OUTCOME;
    struct load_act act = { .id = call->index + 1,
                            .op = "submit",
                            .phase = code == BL_OK ? "ok"
                                     : unknown     ? "info"
                                                   : "fail",
                            .key = call->key,
                            .items = load->definition->item_count };

    load->ended++;
    load->last_end = bl_time_monotonic();
    if (code == BL_OK) {
        act.app = answer->application;
        act.seq = answer->event;
    }
    load_journal_write(&load->journal, &act);
    if (code == BL_OK) {
        acknowledged(load, call, answer);
        return;
    }
    load->unknown += unknown ? 1 : 0;
    load->refused += unknown ? 0 : 1;
    if (load->first_refusal[0] == '\0') {
        (void)snprintf(load->first_refusal, sizeof load->first_refusal, "%s%s%s", bl_err_name(code),
                       answer != NULL && answer->refusal != NULL ? ": " : "",
                       answer != NULL && answer->refusal != NULL ? answer->refusal->rule : "");
    }
}

/* --- what leaves ------------------------------------------------------------------------------ */

/* Sends the next one; false if the client takes no more now. */
static bool send_next(struct load *load, bl_span due)
{
    struct call *call = &load->calls[load->sent];
    Bl__Command command = BL__COMMAND__INIT;

    bl_arena_reset(&load->form);
    call->load = load;
    call->index = (uint32_t)load->sent;
    call->due = due;
    if (call->key[0] == '\0') {
        bl_client_request_id(load->client, call->key);
    }
    command.request_id = call->key;
    command.what_case = BL__COMMAND__WHAT_SUBMIT;
    command.submit = load_form_make(load->definition, load->today, &load->chance, &load->form);
    if (bl_client_command(load->client, &command, answered, call, NULL) != BL_OK) {
        return false;
    }
    struct load_act act = { .id = call->index + 1,
                            .op = "submit",
                            .phase = "invoke",
                            .key = call->key,
                            .items = load->definition->item_count };
    load_journal_write(&load->journal, &act);
    load->sent++;
    return true;
}

static int poll_once(struct load *load, bl_span wait)
{
    struct bl_error e = { 0 };

    return bl_client_poll(load->client, wait, &e) == BL_OK ? 0 : cli_fail(load->cli, &e);
}

static int run_closed(struct load *load, uint64_t in_flight)
{
    int status = 0;

    while (status == 0 && load->ended < load->total && !stopped) {
        while (load->sent < load->total && load->sent - load->ended < in_flight) {
            if (!send_next(load, bl_time_monotonic())) {
                break;
            }
        }
        status = poll_once(load, WAIT_US);
    }
    return status;
}

/* When the n-th was to leave. */
static bl_span due_of(const struct load *load, uint64_t n, double rate)
{
    return load->begun + (bl_span)llround((double)n / rate * (double)SECOND_US);
}

static int run_open(struct load *load, double rate)
{
    int status = 0;

    while (status == 0 && load->ended < load->total && !stopped) {
        bl_span now = bl_time_monotonic(), wait = WAIT_US;

        while (load->sent < load->total && due_of(load, load->sent, rate) <= now) {
            if (!send_next(load, due_of(load, load->sent, rate))) {
                break;
            }
        }
        if (load->sent < load->total) {
            wait = due_of(load, load->sent, rate) - bl_time_monotonic();
            wait = wait < 0 ? 0 : wait > WAIT_US ? WAIT_US : wait;
        }
        status = poll_once(load, wait);
    }
    return status;
}

/* --- the report ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The value below which a share of the sorted ones lies: the nearest rank. */
static json_t *quantile(const double *sorted, uint64_t count, double share)
{
    uint64_t rank = (uint64_t)ceil(share * (double)count);

    return count == 0 ? json_null() : json_real(sorted[rank == 0 ? 0 : rank - 1]);
}

static void report_latency(json_t *value, const char *prefix, double *ms, uint64_t count)
{
    static const struct {
        const char *name;
        double share;
    } rows[] = {
        { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 }, { "max", 1.0 }
    };
    char name[32];

    qsort(ms, count, sizeof *ms, compare);
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        (void)snprintf(name, sizeof name, "%s%s", prefix, rows[i].name);
        json_object_set_new(value, name, quantile(ms, count, rows[i].share));
    }
}

static double cpu_seconds(void)
{
    struct rusage usage;

    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static json_t *report(struct load *load)
{
    double seconds = (double)(load->last_end - load->begun) / (double)SECOND_US;
    uint64_t done = load->follow ? load->completed : load->acknowledged;
    json_t *value = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "workflow", load->definition->workflow,
        "applications", (json_int_t)load->sent, "acknowledged", (json_int_t)load->acknowledged,
        "refused", (json_int_t)load->refused, "unknown", (json_int_t)load->unknown, "seconds",
        seconds, "rate", seconds > 0 ? (double)done / seconds : 0.0, "cpu_seconds", cpu_seconds());

    report_latency(value, "", load->answered_ms, load->acknowledged);
    if (load->follow) {
        json_object_set_new(value, "completed", json_integer((json_int_t)load->completed));
        report_latency(value, "done_", load->completed_ms, load->completed);
    }
    if (load->first_refusal[0] != '\0') {
        json_object_set_new(value, "first_failure", json_string(load->first_refusal));
    }
    return value;
}

static void print_report(struct cli *cli, const json_t *value)
{
    const char *key;
    json_t *child;

    (void)cli;
    json_object_foreach((json_t *)value, key, child)
    {
        char *text = json_dumps(child, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

        (void)printf("%-14s %s\n", key, text);
        free(text);
    }
}

/* --- the command ------------------------------------------------------------------------------ */

static int prepare(struct cli *cli, struct load *load)
{
    const char *workflow = option_text(&cli->options, "workflow"), *file;
    struct bl_text source;
    struct bl_error e = { 0 };
    uint32_t version = (uint32_t)option_number(&cli->options, "version", 0);

    load->total = option_number(&cli->options, "applications", 1);
    if (workflow == NULL || load->total == 0 || load->total > APPLICATIONS_MAX) {
        return cli_fail_usage(cli, "%s", "--workflow ID --applications N");
    }
    int status = source_read(cli, workflow, version, &source, &file);
    if (status == 0) {
        status = source_compile(cli, source, file, NULL, &load->definition);
    }
    if (status == 0 &&
        load_journal_open(option_text(&cli->options, "journal"), &load->journal, &e) != BL_OK) {
        status = cli_fail(cli, &e);
    }
    load->cli = cli;
    load->chance.state = option_number(&cli->options, "seed", 1);
    load->follow = option_text(&cli->options, "until") != NULL;
    load->query_every = (uint32_t)option_number(&cli->options, "query-every", 0);
    load->calls = calloc(load->total, sizeof *load->calls);
    load->answered_ms = calloc(load->total, sizeof *load->answered_ms);
    load->completed_ms = calloc(load->total, sizeof *load->completed_ms);
    CHECK(load->calls != NULL);
    CHECK(load->answered_ms != NULL);
    CHECK(load->completed_ms != NULL);
    bl_arena_init(&load->form, (size_t)64 << 10, FORM_BYTES);
    return status;
}

/* Learns the newest event, so that only what follows is reported. */
static int begin(struct load *load)
{
    Bl__GetStatus get = BL__GET_STATUS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    query.what_case = BL__QUERY__WHAT_STATUS;
    query.status = &get;
    int status = connect_ask(load->cli, load->client, &query, &answer);
    if (status == 0) {
        load->today = bl_time_day(bl_time_now(), load->cli->offset_minutes);
        if (load->follow) {
            bl_client_follow(load->client, answer->newest_event, happened, load);
        }
    }
    load->begun = load->last_end = bl_time_monotonic();
    return status;
}

/* What was asked last still comes back; completion is waited for as long as --timeout says. */
static int finish(struct load *load)
{
    bl_span patience = (bl_span)option_number(&load->cli->options, "timeout", 60) * SECOND_US;
    int status = 0;

    while (status == 0 && load->follow && load->completed < load->acknowledged && !stopped &&
           bl_time_monotonic() - load->last_end < patience) {
        status = poll_once(load, WAIT_US);
    }
    while (status == 0 && bl_client_open_calls(load->client) > 0 && !stopped) {
        status = poll_once(load, WAIT_US);
    }
    return status;
}

static int drive(struct load *load)
{
    const char *rate = option_text(&load->cli->options, "rate");
    int status = begin(load);

    if (status == 0 && rate != NULL) {
        status = run_open(load, strtod(rate, NULL));
    } else if (status == 0) {
        status =
            run_closed(load, option_number(&load->cli->options, "in-flight", IN_FLIGHT_DEFAULT));
    }
    return status == 0 ? finish(load) : status;
}

static void release(struct load *load)
{
    bl_client_close(&load->client);
    load_journal_close(&load->journal);
    definition_free(&load->definition);
    bl_map_free(&load->waiting);
    bl_map_free(&load->early);
    bl_arena_free(&load->form);
    free(load->calls);
    free(load->answered_ms);
    free(load->completed_ms);
}

static int run_load(struct cli *cli)
{
    struct sigaction action = { .sa_handler = stop };
    const char *rate = option_text(&cli->options, "rate");
    struct load load = { .cli = cli };

    if (rate != NULL && !(strtod(rate, NULL) > 0)) {
        return cli_fail_usage(cli, "--rate: %s", rate);
    }
    if (option_text(&cli->options, "output") == NULL) {
        cli->format = OUTPUT_JSON;  // it is programs that read this
    }
    int status = prepare(cli, &load);
    if (status == 0) {
        status = connect_open(cli, &load.client);
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (status == 0) {
        status = drive(&load);
    }
    if (status == 0) {
        bool all = load.acknowledged == load.total &&
                   (!load.follow || load.completed == load.acknowledged);

        (void)output_value(cli, report(&load), print_report);
        status = all ? 0 : bl_err_exit(BL_FAILED);
    }
    release(&load);
    return status;
}

// clang-format off
static const struct option_row load_options[] = {
    { "workflow", OPTION_TEXT, 0, "ID|FILE", { "流程", "the workflow" }, NULL },
    { "version", OPTION_NUMBER, 0, "N", { "版本，默认最新", "version; default the newest" }, NULL },
    { "applications", OPTION_NUMBER, 0, "N", { "提交多少份", "how many to submit" }, NULL },
    { "in-flight", OPTION_NUMBER, 0, "C", { "闭环：同时在途的份数，默认 64", "closed loop: so many under way; default 64" }, NULL },
    { "rate", OPTION_TEXT, 0, "R", { "开环：每秒份数，从应发时刻起量", "open loop: so many a second, measured from when each was to leave" }, NULL },
    { "until", OPTION_TEXT, 0, "STATE", { "一直量到办结", "measure until they are completed" }, "completed" },
    { "journal", OPTION_TEXT, 0, "FILE", { "逐行记下每次提交和答复", "append every act and answer, a line each" }, NULL },
    { "query-every", OPTION_NUMBER, 0, "N", { "每 N 份查询一次并记下", "ask for every N-th application, for the journal" }, NULL },
    { "seed", OPTION_NUMBER, 0, "N", { "表单内容的种子，默认 1", "seed of the forms; default 1" }, NULL },
};

const struct command command_load = {
    .name = "load", .arguments = "", .section = SECTION_TOOLS,
    .summary = { "压力发生器：速率和延迟", "a load generator: rate and latencies" },
    .details = { "按流程的定义填写有效的表单。p50、p99 等为毫秒；带 --until completed 时 rate 按办结计，另有 done_p50 等。收到中断信号也给出报告。",
                 "Fills forms as the definition wants them. p50, p99 … are milliseconds; with --until completed the rate is of completed ones, and done_p50 … are added. An interrupt ends it with a report too." },
    COMMAND_OPTIONS(load_options),
    .examples = "load --workflow restaurant --applications 10000 --in-flight 256\nload --workflow restaurant --applications 600 --rate 100 --until completed\nload --workflow restaurant --applications 1000 --journal client.jsonl --timeout 60",
    .run = run_load,
};
// clang-format on
