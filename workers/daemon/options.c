#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binglian/v1/worker.pb-c.h"
#include "daemon/span.h"
#include "schema/yaml.h"

#define LIMIT_DEFAULT MINUTE_US  // of a task with a program

static const char usage[] =
    "Usage: binglian-worker --department ID --connect ENDPOINT [OPTION]...\n"
    "                       --exec 'PROGRAM ARGS' | --pipe 'PROGRAM ARGS' | --decide WHAT\n"
    "Does the work of a department: takes its tasks and hands back decisions.\n"
    "\n"
    "  --department ID       whose tasks\n"
    "  --connect ENDPOINT    the broker's --listen address: tcp://ADDRESS:PORT, ipc://PATH\n"
    "  --identity FILE       key pair of `binglian key new`; without it only plain, on this "
    "machine\n"
    "  --items A,B           only these items; default: all of the department\n"
    "  --concurrency N       tasks at once, 1 to 4096; default 1\n"
    "  --journal FILE        append what was decided and acknowledged, a JSON line for each act\n"
    "  --config FILE         YAML with these names as keys; the command line comes before it\n"
    "\n"
    "Who decides:\n"
    "  --exec 'PROGRAM ARGS' a process for each task: the task as JSON on its standard input, the\n"
    "                        decision as JSON on its standard output; another exit status than 0\n"
    "                        is a failure\n"
    "  --pipe 'PROGRAM ARGS' one process: a JSON line for each task and each decision, in any "
    "order\n"
    "  --time-limit SPAN     for one task with --exec or --pipe; default 60s, 0s: none\n"
    "  --decide approve|reject|RULES.yaml\n"
    "                        for trials: rules over the form's fields\n"
    "  --delay SPAN          with --decide: as if somebody thought, such as 200ms\n"
    "\n"
    "  --help, --version\n"
    "\n"
    "A task is {\"task\":…,\"attempt\":…,\"item\":…,\"form\":{…},…}; a decision is\n"
    "{\"attempt\":…,\"decision\":\"approve|reject|fail\",\"opinion\":…,\"reason\":…}.\n"
    "PROGRAM is run without a shell: sh -c '…' asks for one. SIGHUP reads RULES.yaml again.\n"
    "SIGTERM finishes what has begun, for at most 5 s, and gives back the rest.\n"
    "\n"
    "Examples:\n"
    "  binglian-worker --department fire --connect tcp://127.0.0.1:7701 --decide approve\n"
    "  binglian-worker --department fire --connect tcp://10.0.0.7:7701 --identity fire-1.key \\\n"
    "                  --concurrency 8 --exec '/usr/lib/fire/check --strict'\n"
    "\n"
    "Exit status: 0 stopped, 64 usage, 73 the journal cannot be written, 78 configuration.\n";

enum option_id {
    OPTION_DEPARTMENT = 256,
    OPTION_CONNECT,
    OPTION_IDENTITY,
    OPTION_ITEMS,
    OPTION_CONCURRENCY,
    OPTION_JOURNAL,
    OPTION_CONFIG,
    OPTION_EXEC,
    OPTION_PIPE,
    OPTION_TIME_LIMIT,
    OPTION_DECIDE,
    OPTION_DELAY,
    OPTION_HELP,
    OPTION_VERSION,
};

static const struct option_name {
    const char *name;
    bool has_value;
    int id;
} names[] = {
    { "department", true, OPTION_DEPARTMENT },
    { "connect", true, OPTION_CONNECT },
    { "identity", true, OPTION_IDENTITY },
    { "items", true, OPTION_ITEMS },
    { "concurrency", true, OPTION_CONCURRENCY },
    { "journal", true, OPTION_JOURNAL },
    { "config", true, OPTION_CONFIG },
    { "exec", true, OPTION_EXEC },
    { "pipe", true, OPTION_PIPE },
    { "time-limit", true, OPTION_TIME_LIMIT },
    { "decide", true, OPTION_DECIDE },
    { "delay", true, OPTION_DELAY },
    { "help", false, OPTION_HELP },
    { "version", false, OPTION_VERSION },
};

/* --- words → message --- */

static bool read_count(const char *text, uint32_t *count)
{
    char *end;

    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number == 0 ||
        number > BL_WORKER_CONCURRENCY_MAX || text[0] == '-') {
        (void)fprintf(stderr, "binglian-worker: --concurrency is a number from 1 to %d\n",
                      BL_WORKER_CONCURRENCY_MAX);
        return false;
    }
    *count = (uint32_t)number;
    return true;
}

static void read_items(const char *text, struct bl_arena *arena, Bl__WorkerConfig *config)
{
    char *list = bl_arena_string(arena, text), *rest = list, *item;

    config->items = bl_arena_array(arena, const char *, strlen(text) + 1);
    config->n_items = 0;
    while ((item = strsep(&rest, ",")) != NULL) {
        if (item[0] != '\0') {
            config->items[config->n_items++] = item;
        }
    }
}

/* One option goes into the message that the file was read into. */
static bool apply(int option, const char *value, struct bl_arena *arena, Bl__WorkerConfig *config)
{
    switch ((enum option_id)option) {
    case OPTION_DEPARTMENT:
        config->department = value;
        return true;
    case OPTION_CONNECT:
        config->connect = value;
        return true;
    case OPTION_IDENTITY:
        config->identity = value;
        return true;
    case OPTION_ITEMS:
        read_items(value, arena, config);
        return true;
    case OPTION_CONCURRENCY:
        return read_count(value, &config->concurrency);
    case OPTION_JOURNAL:
        config->journal = value;
        return true;
    case OPTION_EXEC:
        config->exec = value;
        return true;
    case OPTION_PIPE:
        config->pipe = value;
        return true;
    case OPTION_TIME_LIMIT:
        config->time_limit = value;
        return true;
    case OPTION_DECIDE:
        config->decide = value;
        return true;
    case OPTION_DELAY:
        config->delay = value;
        return true;
    case OPTION_CONFIG:
    case OPTION_HELP:
    case OPTION_VERSION:
        return true;  // the first pass has seen to them
    }
    UNREACHABLE();
}

/* Goes through the command line; `config` NULL: only looks for what comes before the rest. */
static enum options_result walk(int count, char **words, struct bl_arena *arena,
                                Bl__WorkerConfig *config, const char **file)
{
    struct option longs[BL_COUNT(names) + 1] = { 0 };
    int option;

    for (size_t i = 0; i < BL_COUNT(names); i++) {
        longs[i] = (struct option){ names[i].name, names[i].has_value, NULL, names[i].id };
    }
    optind = 0;  // from the beginning, also the second time
    while ((option = getopt_long(count, words, "", longs, NULL)) != -1) {
        if (option == '?') {
            return OPTIONS_USAGE;
        }
        if (option == OPTION_HELP || option == OPTION_VERSION) {
            (void)fputs(option == OPTION_HELP ? usage : "binglian-worker " BINGLIAN_VERSION "\n",
                        stdout);
            return OPTIONS_SHOWN;
        }
        if (option == OPTION_CONFIG) {
            *file = optarg;
        }
        if (config != NULL && !apply(option, optarg, arena, config)) {
            return OPTIONS_USAGE;
        }
    }
    if (optind < count) {
        (void)fprintf(stderr, "binglian-worker: what is \"%s\"?\n", words[optind]);
        return OPTIONS_USAGE;
    }
    return OPTIONS_RUN;
}

static enum options_result read_config(const char *file, struct bl_arena *arena,
                                       Bl__WorkerConfig **config)
{
    struct schema_problems problems;
    ProtobufCMessage *message = NULL;
    char *text = malloc(YAML_BYTES_MAX + 1);
    FILE *in = fopen(file, "rbe");

    CHECK(text != NULL);
    if (in == NULL) {
        (void)fprintf(stderr, "%s: error: %s\n", file, strerror(errno));
        free(text);
        return OPTIONS_CONFIG;
    }
    size_t bytes = fread(text, 1, YAML_BYTES_MAX + 1, in);
    (void)fclose(in);
    schema_problems_init(&problems, arena);
    enum bl_err err = yaml_load(text, bytes, file, &bl__worker_config__descriptor, arena, &message,
                                NULL, &problems);
    free(text);
    schema_problems_print(stderr, &problems);
    *config = (Bl__WorkerConfig *)message;
    return err == BL_OK ? OPTIONS_RUN : OPTIONS_CONFIG;
}

/* --- message → what the daemon takes --- */

static const char *text_or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static bool complain(const char *what)
{
    (void)fprintf(stderr, "binglian-worker: %s; see binglian-worker --help\n", what);
    return false;
}

static bool check(const Bl__WorkerConfig *from)
{
    int deciders = (from->exec[0] != '\0') + (from->pipe[0] != '\0') + (from->decide[0] != '\0');

    if (from->department[0] == '\0') {
        return complain("--department is missing");
    }
    if (from->connect[0] == '\0') {
        return complain("--connect is missing");
    }
    if (deciders != 1) {
        return complain("one of --exec, --pipe and --decide says who decides");
    }
    if (from->delay[0] != '\0' && from->decide[0] == '\0') {
        return complain("--delay goes with --decide");
    }
    if (from->time_limit[0] != '\0' && from->decide[0] != '\0') {
        return complain("--time-limit goes with --exec and --pipe");
    }
    return true;
}

static bool read_span(const char *text, bl_span absent, bl_span *span)
{
    struct bl_error e = { 0 };

    if (text[0] == '\0') {
        *span = absent;
        return true;
    }
    return span_parse(text, span, &e) == BL_OK || complain(e.text);
}

static bool read_words(const char *line, struct bl_arena *arena, const struct words **words)
{
    struct bl_error e = { 0 };
    struct words *made;

    if (line[0] == '\0') {
        return true;
    }
    made = bl_arena_new(arena, struct words);
    *words = made;
    return words_split(line, made, &e) == BL_OK || complain(e.text);
}

static bool fill(const Bl__WorkerConfig *from, struct bl_arena *arena, struct daemon_config *config)
{
    *config = (struct daemon_config){
        .worker = {
            .connect = from->connect,
            .department = from->department,
            .items = (const char *const *)from->items,
            .item_count = from->n_items,
            .concurrency = from->concurrency,
            .identity = text_or_null(from->identity),
            .program = "binglian-worker " BINGLIAN_VERSION,
            .principal = bl_arena_printf(arena, "worker/%s-%ld", from->department, (long)getpid()),
        },
        .journal = text_or_null(from->journal),
        .decide = text_or_null(from->decide),
    };
    return read_span(from->delay, 0, &config->delay) &&
           read_span(from->time_limit, LIMIT_DEFAULT, &config->limit) &&
           read_words(from->exec, arena, &config->exec) &&
           read_words(from->pipe, arena, &config->pipe);
}

enum options_result options_read(int count, char **words, struct bl_arena *arena,
                                 struct daemon_config *config)
{
    Bl__WorkerConfig *from = bl_arena_new(arena, Bl__WorkerConfig);
    const char *file = NULL;

    bl__worker_config__init(from);
    enum options_result result = walk(count, words, arena, NULL, &file);
    if (result == OPTIONS_RUN && file != NULL) {
        result = read_config(file, arena, &from);
    }
    if (result == OPTIONS_RUN) {
        result = walk(count, words, arena, from, &file);
    }
    if (result == OPTIONS_RUN && (!check(from) || !fill(from, arena, config))) {
        result = OPTIONS_USAGE;
    }
    return result;
}
