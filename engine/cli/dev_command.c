/* A whole hall on loopback, for trying out and for writing workflows: binglian dev.
 * One broker, one worker daemon for each department, keys of their own, and an inbox that decides
 * for the departments' people; Ctrl-C ends all. */
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/connect.h"
#include "cli/folder.h"
#include "cli/inbox.h"
#include "cli/key.h"
#include "cli/load_form.h"
#include "cli/process.h"
#include "cli/source.h"
#include "cli/user.h"
#include "gateway/accounts.h"

#define DEPARTMENTS_MAX 256
#define START_PATIENCE (20 * SECOND_US)  // a broker under sanitizers on a busy machine
#define STOP_PATIENCE (6 * SECOND_US)    // they promise five
#define TURN_US 50000
#define INBOX_EVERY (300000)  // how often the departments' people look at what they have to do
#define FORM_BYTES ((size_t)64 << 20)

struct hall {
    struct cli *cli;
    const char *data;
    bool temporary;  // the folder goes with the hall
    const char *endpoint;
    struct bl_client *client;
    struct bl_client *inbox;  // a gateway: speaks for the departments' people
    bl_span inbox_at;         // when it is looked into again
    bool rejects;             // they say no to everything
    pid_t broker, gateway;
    const char *http;  // where the gateway serves
    pid_t workers[DEPARTMENTS_MAX];
    size_t worker_count;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static const char *path_in(struct hall *hall, const char *name)
{
    return bl_arena_printf(&hall->cli->arena, "%s/%s", hall->data, name);
}

/* --- the folder ------------------------------------------------------------------------------- */

static int open_folder(struct hall *hall)
{
    const char *data = option_text(&hall->cli->options, "data");
    const char *base = getenv("TMPDIR");
    struct bl_error e = { 0 };

    if (data != NULL) {
        hall->data = data;
        if (mkdir(data, 0700) == 0 || errno == EEXIST) {
            return 0;
        }
    } else {
        char *made = bl_arena_printf(&hall->cli->arena, "%s/binglian-dev-XXXXXX",
                                     base != NULL && base[0] != '\0' ? base : "/tmp");

        hall->data = mkdtemp(made);
        hall->temporary = hall->data != NULL;
        if (hall->temporary) {
            return 0;
        }
        data = made;
    }
    (void)bl_error_at(&e, BL_IO, data, 0, 0, "%s", strerror(errno));
    return cli_fail(hall->cli, &e);
}

static int remove_entry(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

/* --- the programs ----------------------------------------------------------------------------- */

static bool has_ended(pid_t *pid)
{
    if (*pid > 0 && waitpid(*pid, NULL, WNOHANG) == *pid) {
        *pid = 0;
    }
    return *pid == 0;
}

static int failed_program(struct hall *hall, const char *program, const char *log)
{
    struct bl_error e = { 0 };

    (void)bl_error_at(&e, BL_FAILED, program, 0, 0, "ended; see %s", log);
    hall->temporary = false;  // the reason stands in its log
    return cli_fail(hall->cli, &e);
}

/* Starts the broker and waits until it has said where it is. */
static int start_broker(struct hall *hall)
{
    const char *workflows = folder_find(hall->cli, NULL), *log = path_in(hall, "broker.log");
    const char *listen = option_text(&hall->cli->options, "listen");
    const char *words[] = { process_find(hall->cli, "binglian-broker"),
                            "--data",
                            hall->data,
                            "--listen",
                            listen != NULL ? listen : "tcp://127.0.0.1:*",
                            workflows == NULL ? NULL : "--workflows",
                            workflows,
                            NULL };
    bl_span begun = bl_time_monotonic();
    struct bl_error e = { 0 };

    (void)unlink(path_in(hall, "endpoint"));
    if (process_start(words, log, &hall->broker, &e) != BL_OK) {
        return cli_fail(hall->cli, &e);
    }
    while (access(path_in(hall, "endpoint"), R_OK) != 0 && !stopped) {
        if (has_ended(&hall->broker) || bl_time_monotonic() - begun > START_PATIENCE) {
            return failed_program(hall, "binglian-broker", log);
        }
        (void)usleep(TURN_US);
    }
    return 0;
}

static int connect_as(struct hall *hall, const char *identity, struct bl_client **client)
{
    struct bl_client_options options = { .identity = path_in(hall, identity),
                                         .program = "binglian dev " BINGLIAN_VERSION };
    struct bl_error e = { 0 };

    return bl_client_open(hall->endpoint, &options, client, &e) == BL_OK ? 0
                                                                         : cli_fail(hall->cli, &e);
}

static int connect_hall(struct hall *hall)
{
    struct bl_text text;
    struct bl_error e = { 0 };

    if (file_read(hall->cli, path_in(hall, "endpoint"), &text, &e) != BL_OK) {
        return cli_fail(hall->cli, &e);
    }
    text.bytes = strcspn(text.at, "\r\n");
    hall->endpoint = bl_arena_text(&hall->cli->arena, text);
    return connect_as(hall, "admin.identity", &hall->client);
}

/* A key made at the first start and granted by the administrator: a department's own, or with an
 * empty department the inbox's. */
static int grant(struct hall *hall, const char *name, const char *department, const char *file)
{
    struct identity administrator, identity;
    struct bl_error e = { 0 };

    if (identity_load(path_in(hall, "admin.identity"), &administrator, &e) != BL_OK) {
        return cli_fail(hall->cli, &e);
    }
    if (access(file, F_OK) == 0) {
        if (identity_load(file, &identity, &e) != BL_OK) {
            return cli_fail(hall->cli, &e);
        }
    } else if (identity_make(name, administrator.broker_key, &identity, &e) != BL_OK ||
               identity_save(&identity, file, &e) != BL_OK) {
        return cli_fail(hall->cli, &e);
    }
    identity_forget(&administrator);
    int status = key_grant(hall->cli, hall->client, name, identity.public_key,
                           department[0] != '\0' ? BL__KEY__ROLE__WORKER : BL__KEY__ROLE__GATEWAY,
                           department, NULL);
    identity_forget(&identity);
    return status;
}

/* --- the gateway ------------------------------------------------------------------------------ */

static int start_gateway(struct hall *hall)
{
    const char *file = path_in(hall, "gateway.identity"), *log = path_in(hall, "gateway.log");
    const char *http = option_text(&hall->cli->options, "http"), *said = path_in(hall, "http");
    const char *words[] = { process_find(hall->cli, "binglian-gateway"),
                            "--data",
                            hall->data,
                            "--broker",
                            hall->endpoint,
                            "--http",
                            http != NULL ? http : "127.0.0.1:0",
                            "--identity",
                            file,
                            NULL };
    bl_span begun = bl_time_monotonic();
    struct bl_text text;
    struct bl_error e = { 0 };
    int status = grant(hall, "gateway", "", file);

    (void)unlink(said);
    if (status == 0 && process_start(words, log, &hall->gateway, &e) != BL_OK) {
        return cli_fail(hall->cli, &e);
    }
    while (status == 0 && access(said, R_OK) != 0 && !stopped) {
        if (has_ended(&hall->gateway) || bl_time_monotonic() - begun > START_PATIENCE) {
            return failed_program(hall, "binglian-gateway", log);
        }
        (void)usleep(TURN_US);
    }
    if (status == 0 && !stopped && file_read(hall->cli, said, &text, &e) == BL_OK) {
        text.bytes = strcspn(text.at, "\r\n");
        hall->http = bl_arena_text(&hall->cli->arena, text);
    }
    return status;
}

/* An account of each role, with a password of its own; those that are there keep theirs. */
static int make_accounts(struct hall *hall)
{
    static const struct {
        const char *name;
        Bl__Key__Role role;
    } trials[] = {
        { "clerk", BL__KEY__ROLE__CLERK },
        { "tracker", BL__KEY__ROLE__TRACKER },
        { "supervisor", BL__KEY__ROLE__SUPERVISOR },
        { "administrator", BL__KEY__ROLE__ADMINISTRATOR },
    };
    struct accounts *accounts = NULL;
    struct bl_error e = { 0 };

    if (accounts_open(hall->data, &accounts, &e) != BL_OK) {
        return cli_fail(hall->cli, &e);
    }
    for (size_t i = 0; i < BL_COUNT(trials); i++) {
        Bl__Account account = BL__ACCOUNT__INIT;
        const char *password = user_password(hall->cli);

        account.name = trials[i].name;
        account.role = trials[i].role;
        if (accounts_add(accounts, &account, password, bl_time_now(), NULL) == BL_OK) {
            cli_note(hall->cli, "  %-14s %s", account.name, password);
        }
    }
    accounts_close(&accounts);
    return 0;
}

static int start_worker(struct hall *hall, const char *department)
{
    struct bl_arena *arena = &hall->cli->arena;
    const char *decide = option_text(&hall->cli->options, "decide");
    const char *delay = option_text(&hall->cli->options, "delay");
    const char *file = path_in(hall, bl_arena_printf(arena, "%s.identity", department));
    const char *log = path_in(hall, bl_arena_printf(arena, "%s.log", department));
    const char *words[] = { process_find(hall->cli, "binglian-worker"),
                            "--department",
                            department,
                            "--connect",
                            hall->endpoint,
                            "--identity",
                            file,
                            "--concurrency",
                            "16",
                            "--decide",
                            decide != NULL ? decide : "approve",
                            "--delay",
                            delay != NULL ? delay : "200ms",
                            NULL };
    struct bl_error e = { 0 };
    int status = grant(hall, department, department, file);

    if (status == 0 && process_start(words, log, &hall->workers[hall->worker_count], &e) != BL_OK) {
        return cli_fail(hall->cli, &e);
    }
    hall->worker_count += status == 0;
    return status;
}

/* A worker for each department that the broker knows. */
static int start_workers(struct hall *hall)
{
    Bl__ListDepartments list = BL__LIST_DEPARTMENTS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;
    const char *ids[DEPARTMENTS_MAX];
    size_t count = 0;

    query.what_case = BL__QUERY__WHAT_DEPARTMENTS;
    query.departments = &list;
    int status = connect_ask(hall->cli, hall->client, &query, &answer);
    for (size_t i = 0; status == 0 && i < answer->n_departments && i < DEPARTMENTS_MAX; i++) {
        ids[count++] = bl_arena_string(&hall->cli->arena, answer->departments[i]->id);
    }
    for (size_t i = 0; status == 0 && i < count && !stopped; i++) {
        status = start_worker(hall, ids[i]);
    }
    return status;
}

/* --- the departments' people ------------------------------------------------------------------ */

static int open_inbox(struct hall *hall)
{
    int status = grant(hall, "inbox", "", path_in(hall, "inbox.identity"));

    return status == 0 ? connect_as(hall, "inbox.identity", &hall->inbox) : status;
}

/* --- the demonstration ------------------------------------------------------------------------ */

static int submit_made(struct hall *hall, const struct definition *definition, uint64_t seed)
{
    struct chance chance = { seed };
    struct bl_arena form;
    Bl__Command command = BL__COMMAND__INIT;
    const Bl__Answer *answer = NULL;
    char key[BL_REQUEST_ID_BYTES];

    bl_arena_init(&form, (size_t)64 << 10, FORM_BYTES);
    bl_client_request_id(hall->client, key);
    command.request_id = key;
    command.what_case = BL__COMMAND__WHAT_SUBMIT;
    command.submit = load_form_make(
        definition, bl_time_day(bl_time_now(), hall->cli->offset_minutes), &chance, &form);
    int status = connect_do(hall->cli, hall->client, &command, &answer);
    if (status == 0) {
        (void)printf("%s\n", answer->application);
    }
    bl_arena_free(&form);
    return status;
}

/* One application of each published workflow, filled in by chance. */
static int demonstrate(struct hall *hall)
{
    Bl__ListPublications list = BL__LIST_PUBLICATIONS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;
    const char *ids[DEPARTMENTS_MAX];
    size_t count = 0;

    list.kind = BL__PUBLICATION__KIND__WORKFLOW;
    query.what_case = BL__QUERY__WHAT_PUBLICATIONS;
    query.publications = &list;
    int status = connect_ask(hall->cli, hall->client, &query, &answer);
    for (size_t i = 0; status == 0 && i < answer->n_publications && i < DEPARTMENTS_MAX; i++) {
        if (!answer->publications[i]->retired) {
            ids[count++] = bl_arena_string(&hall->cli->arena, answer->publications[i]->id);
        }
    }
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct definition *definition = NULL;
        struct bl_text source;

        status = source_ask(hall->cli, hall->client, BL__PUBLICATION__KIND__WORKFLOW, ids[i], 0,
                            &source);
        if (status == 0) {
            status = source_compile(hall->cli, source, ids[i], NULL, &definition);
        }
        if (status == 0) {
            status = submit_made(hall, definition, i + 1);
        }
        definition_free(&definition);
    }
    return status;
}

/* --- the command ------------------------------------------------------------------------------ */

static void introduce(const struct hall *hall)
{
    const struct cli *cli = hall->cli;

    cli_note(cli,
             cli_say(cli, "大厅已开：%s，%zu 个部门各有一个工作程序",
                     "the hall is open: %s, a worker for each of %zu departments"),
             hall->endpoint, hall->worker_count);
    cli_note(cli,
             cli_say(cli,
                     "在另一个终端：export BINGLIAN_DATA=%s，然后 binglian workflow "
                     "list、submit、watch --all",
                     "in another terminal: export BINGLIAN_DATA=%s, then binglian workflow list, "
                     "submit, watch --all"),
             hall->data);
    cli_note(cli, cli_say(cli, "网页与接口：%s", "over HTTP: %s"), hall->http);
    cli_note(cli, "%s", cli_say(cli, "Ctrl-C 结束", "Ctrl-C ends it"));
}

/* Until a signal, or the broker's end. */
static int stay_open(struct hall *hall)
{
    while (!stopped) {
        if (has_ended(&hall->broker)) {
            return failed_program(hall, "binglian-broker", path_in(hall, "broker.log"));
        }
        for (size_t i = 0; i < hall->worker_count; i++) {
            (void)has_ended(&hall->workers[i]);
        }
        if (bl_time_monotonic() >= hall->inbox_at) {
            hall->inbox_at = bl_time_monotonic() + INBOX_EVERY;
            inbox_decide(hall->inbox, hall->rejects);
        }
        (void)usleep(TURN_US);
    }
    return 0;
}

/* Workers first, so that they hand back what they have. */
static void close_hall(struct hall *hall)
{
    bl_client_close(&hall->inbox);
    bl_client_close(&hall->client);
    process_stop(hall->workers, hall->worker_count, STOP_PATIENCE);
    process_stop(&hall->gateway, 1, STOP_PATIENCE);
    process_stop(&hall->broker, 1, STOP_PATIENCE);
    if (hall->temporary) {
        (void)nftw(hall->data, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    }
}

static int run_dev(struct cli *cli)
{
    struct sigaction action = { .sa_handler = stop };
    const char *decide = option_text(&cli->options, "decide");
    struct hall hall = { .cli = cli, .rejects = decide != NULL && strcmp(decide, "reject") == 0 };
    int status;

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
    status = open_folder(&hall);
    status = status == 0 ? start_broker(&hall) : status;
    status = status == 0 && !stopped ? connect_hall(&hall) : status;
    status = status == 0 && !stopped ? start_gateway(&hall) : status;
    status = status == 0 && !stopped ? start_workers(&hall) : status;
    status = status == 0 && !stopped ? open_inbox(&hall) : status;
    if (status == 0 && !stopped) {
        introduce(&hall);
        status = make_accounts(&hall);
    }
    if (status == 0 && !stopped && option_flag(&cli->options, "demo")) {
        status = demonstrate(&hall);
        (void)fflush(stdout);
    }
    status = status == 0 ? stay_open(&hall) : status;
    close_hall(&hall);
    return status;
}

// clang-format off
static const struct option_row dev_options[] = {
    { "demo", OPTION_FLAG, 0, NULL, { "每个流程提交一份示例申请", "submit one made-up application of each workflow" }, NULL },
    { "workflows", OPTION_TEXT, 0, "DIR", { "定义所在目录，默认 ./workflows", "folder of definitions; default ./workflows" }, NULL },
    { "listen", OPTION_TEXT, 0, "ENDPOINT", { "监听地址，默认本机任一空闲端口", "where to listen; default any free port on loopback" }, NULL },
    { "http", OPTION_TEXT, 0, "ADDRESS:PORT", { "网页与接口的地址，默认本机任一空闲端口", "where to serve HTTP; default any free port on loopback" }, NULL },
    { "decide", OPTION_TEXT, 0, "approve|reject|RULES.yaml", { "各部门怎样决定，默认 approve", "how the departments decide; default approve" }, NULL },
    { "delay", OPTION_TEXT, 0, "SPAN", { "决定前想多久，默认 200ms", "how long they think; default 200ms" }, NULL },
};

const struct command command_dev = {
    .name = "dev", .arguments = "", .section = SECTION_TOOLS,
    .summary = { "在本机开一个完整的大厅，Ctrl-C 结束", "a whole hall on loopback, Ctrl-C ends it" },
    .details = { "不带 --data 时用临时目录，结束时删去。各程序的日志在数据目录中。",
                 "Without --data it lives in a temporary folder that goes with it. The programs' logs are in the data folder." },
    COMMAND_OPTIONS(dev_options),
    .examples = "dev --demo\ndev --data mine --workflows workflows --delay 2s",
    .run = run_dev,
};
// clang-format on
