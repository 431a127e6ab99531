/* binglian watch: one application as a live tree, or everything as lines. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "cli/tree.h"
#include "cli/watch.h"

#define TURN_US (500 * MILLISECOND_US)
#define REFRESH_US (30 * SECOND_US)  // lights turn without an event
#define KNOWN_MAX 256                // applications whose titles are kept

struct watch {
    struct cli *cli;
    struct bl_client *client;
    const char *number;   // NULL: everything
    bool pages;           // of a project: asked for page by page, nothing is followed
    json_t *application;  // as it was last asked; NULL before
    bool changed;         // something happened since
    bool missing;         // of the first question: there is no such application
    uint64_t told;        // the last event that was shown
    uint32_t lines;       // of the tree on the terminal
    json_t *waiting;      // of everything: events that are not shown yet
    json_t *known;        // and applications by their number, for the titles of items
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static bool is_live(const struct cli *cli)
{
    return cli->format == OUTPUT_TABLE && isatty(STDOUT_FILENO) != 0;
}

/* Draws the tree over the one before. */
static void draw(struct watch *watch)
{
    if (watch->lines > 0) {
        (void)printf("\033[%uA\033[J", watch->lines);
    }
    (void)fputs("\033[?7l", stdout);  // a line too wide is cut, so that lines can be counted
    watch->lines = tree_print(watch->cli, watch->application, stdout);
    (void)fputs("\033[?7h", stdout);
    (void)fflush(stdout);
}

static void happened(void *context, const Bl__EventView *event)
{
    struct watch *watch = context;
    struct cli *cli = watch->cli;

    if (watch->number != NULL && strcmp(event->application, watch->number) != 0) {
        return;
    }
    if (event->event->seq <= watch->told) {
        return;
    }
    watch->told = event->event->seq;
    watch->changed = true;
    if (cli->format != OUTPUT_TABLE) {
        output_line(cli, output_of(cli, &event->base));
    } else if (watch->number == NULL) {
        json_array_append_new(watch->waiting, output_of(cli, &event->base));
    } else if (!is_live(cli)) {
        json_t *row = output_of(cli, &event->base);

        tree_print_event(cli, row, watch->application, false, stdout);
        (void)fflush(stdout);
        json_decref(row);
    }
}

/* Asks for the application; returns an exit status. */
static int refresh(struct watch *watch)
{
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    get.number = watch->number;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    watch->changed = false;
    int status = connect_ask(watch->cli, watch->client, &query, &answer);
    if (status == 0 && answer->n_applications > 0) {
        json_decref(watch->application);
        watch->application = output_of(watch->cli, &answer->applications[0]->base);
    }
    return status;
}

static bool is_over(const struct watch *watch)
{
    return output_text(watch->application, "ended_at")[0] != '\0';
}

/* Is it so far? What is closed was completed before. */
static bool is_so_far(const struct watch *watch, const char *until)
{
    const char *state = output_text(watch->application, "state");

    return strcmp(state, until) == 0 ||
           (strcmp(until, "completed") == 0 && strcmp(state, "closed") == 0);
}

/* 0, or how it ended otherwise. */
static int outcome(const struct watch *watch, const char *until)
{
    return until == NULL || is_so_far(watch, until) ? 0 : CLI_ENDED_OTHERWISE;
}

static bool is_reached(const struct watch *watch, const char *until)
{
    bool later = until != NULL && strcmp(until, "closed") == 0 &&
                 strcmp(output_text(watch->application, "state"), "completed") == 0;

    return (is_over(watch) && !later) || (until != NULL && is_so_far(watch, until));
}

static int turn(struct watch *watch)
{
    struct bl_error e = { 0 };

    return bl_client_poll(watch->client, TURN_US, &e) == BL_OK ? 0 : cli_fail(watch->cli, &e);
}

/* Begins with a state, then follows from the event that it is true of. */
static int begin(struct watch *watch)
{
    int status = refresh(watch);

    if (status != 0) {
        return status;
    }
    watch->told = (uint64_t)output_integer(watch->application, "last_event");
    if (is_live(watch->cli)) {
        draw(watch);
    } else if (watch->cli->format == OUTPUT_TABLE) {
        (void)tree_print(watch->cli, watch->application, stdout);
        (void)fflush(stdout);
    }
    bl_client_follow(watch->client, watch->told, happened, watch);
    return 0;
}

int watch_until(struct cli *cli, struct bl_client *client, const char *number, const char *until)
{
    struct watch watch = { .cli = cli, .client = client, .number = number };
    bl_span drawn = bl_time_monotonic();
    int status = begin(&watch);

    while (status == 0 && !interrupted && !is_reached(&watch, until)) {
        status = turn(&watch);
        bool stale = is_live(cli) && bl_time_monotonic() - drawn > REFRESH_US;
        if (status == 0 && (watch.changed || stale)) {
            status = refresh(&watch);
            drawn = bl_time_monotonic();
            if (status == 0 && is_live(cli)) {
                draw(&watch);
            }
        }
    }
    bl_client_follow(client, 0, NULL, NULL);
    if (status == 0 && cli->format == OUTPUT_TABLE && !is_live(cli)) {
        (void)tree_print(cli, watch.application, stdout);
    }
    status = status == 0 ? outcome(&watch, until) : status;
    json_decref(watch.application);
    return status;
}

/* The application of an event, asked for once; NULL: nobody tells, or it is of none. */
static const json_t *application_of(struct watch *watch, const char *number)
{
    const json_t *known = json_object_get(watch->known, number);
    Bl__GetApplication get = BL__GET_APPLICATION__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    if (known != NULL || number[0] == '\0') {
        return known;
    }
    get.number = number;
    query.what_case = BL__QUERY__WHAT_APPLICATION;
    query.application = &get;
    if (bl_client_ask(watch->client, &query, &answer, NULL) != BL_OK ||
        answer->n_applications == 0) {
        return NULL;
    }
    if (json_object_size(watch->known) == KNOWN_MAX) {
        (void)json_object_clear(watch->known);
    }
    json_object_set_new(watch->known, number,
                        output_of(watch->cli, &answer->applications[0]->base));
    return json_object_get(watch->known, number);
}

/* Shows what has happened, with titles. Following rests meanwhile, so that questions for titles do
 * not bring more events than are shown. */
static void show_waiting(struct watch *watch)
{
    size_t index;
    json_t *event;

    if (json_array_size(watch->waiting) == 0) {
        return;
    }
    bl_client_follow(watch->client, 0, NULL, NULL);
    json_array_foreach(watch->waiting, index, event)
    {
        tree_print_event(watch->cli, event,
                         application_of(watch, output_text(event, "application")), true, stdout);
        (void)fflush(stdout);
    }
    (void)json_array_clear(watch->waiting);
    if (!watch->pages) {
        bl_client_follow(watch->client, watch->told, happened, watch);
    }
}

static int watch_all(struct cli *cli, struct bl_client *client)
{
    struct watch watch = { .cli = cli, .client = client };
    Bl__GetStatus get = BL__GET_STATUS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    query.what_case = BL__QUERY__WHAT_STATUS;
    query.status = &get;
    int status = connect_ask(cli, client, &query, &answer);
    if (status == 0) {
        uint64_t newest = answer->newest_event;

        bl_client_follow(client, option_number(&cli->options, "after", newest), happened, &watch);
    }
    watch.waiting = json_array();
    watch.known = json_object();
    while (status == 0 && !interrupted) {
        status = turn(&watch);
        show_waiting(&watch);
    }
    json_decref(watch.waiting);
    json_decref(watch.known);
    return status;
}

/* The events behind the last one that was shown, page by page: the project's own and those of all
 * its applications. Since they are asked for by number, none is missed between two questions. */
static int show_project(struct watch *watch, const char *code)
{
    Bl__GetEvents get = BL__GET_EVENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;
    bool more = true;
    int status = 0;

    query.what_case = BL__QUERY__WHAT_EVENTS;
    query.events = &get;
    get.project = code;
    while (status == 0 && more && !interrupted) {
        get.after = watch->told;
        status = connect_ask(watch->cli, watch->client, &query, &answer);
        if (status != 0) {
            return status;
        }
        more = answer->next[0] != '\0';
        uint64_t last = more ? strtoull(answer->next, NULL, 10) : answer->newest_event;
        for (size_t i = 0; i < answer->n_events; i++) {
            happened(watch, answer->events[i]);
        }
        watch->told = last;
        show_waiting(watch);
    }
    return status;
}

static int watch_project(struct cli *cli, struct bl_client *client, const char *code)
{
    struct watch watch = { .cli = cli, .client = client, .pages = true };
    int status;

    watch.told = option_number(&cli->options, "after", 0);
    watch.waiting = json_array();
    watch.known = json_object();
    do {
        status = show_project(&watch, code);
        if (status == 0) {
            status = turn(&watch);
        }
    } while (status == 0 && !interrupted);
    json_decref(watch.waiting);
    json_decref(watch.known);
    return status;
}

static int run_watch(struct cli *cli)
{
    bool all = option_flag(&cli->options, "all");
    const char *project = option_text(&cli->options, "project");
    struct sigaction action = { .sa_handler = interrupt };
    struct bl_client *client = NULL;

    if (all + (project != NULL) + (cli->options.argument_count > 0) != 1) {
        return cli_fail_usage(
            cli, "%s", cli_say(cli, "NUMBER、--project 或 --all", "NUMBER, --project or --all"));
    }
    int status = connect_open(cli, &client);
    if (status != 0) {
        return status;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    status = all               ? watch_all(cli, client)
             : project != NULL ? watch_project(cli, client, project)
                               : watch_until(cli, client, cli->options.arguments[0],
                                             option_text(&cli->options, "until"));
    bl_client_close(&client);
    return status;
}

// clang-format off
static const struct option_row watch_options[] = {
    { "all", OPTION_FLAG, 0, NULL, { "看全部办件", "everything that happens" }, NULL },
    { "project", OPTION_TEXT, 0, "CODE", { "看一个重大项目和它的全部办件，从头开始", "a major project and all its applications, from its beginning" }, NULL },
    { "until", OPTION_TEXT, 0, "STATE", { "到这个状态为止；若以别的状态结束，退出状态为 8", "until it is in this state; exit 8 if it ended otherwise" }, "correcting|accepted|in_progress|partly_done|completed|closed|refused|returned|withdrawn" },
    { "after", OPTION_NUMBER, 0, "EVENT", { "与 --all、--project 合用：从这个事件之后", "with --all, --project: from after this event number" }, NULL },
};

const struct command command_watch = {
    .name = "watch", .arguments = "NUMBER|--project CODE|--all", .arguments_max = 1, .section = SECTION_APPLICATIONS,
    .summary = { "实时观看：各部门的灯色随办理变化", "live: the departments' lights as they change" },
    COMMAND_OPTIONS(watch_options),
    .examples = "watch CY-20261123-0001 --until completed\nwatch --project 2026-350102-48\nwatch --all\nwatch --all --after 0 -o jsonl",
    .run = run_watch,
};
// clang-format on
