/* HTTP requests from anywhere, after libmicrohttpd has cut them up: every one gets an answer, and
 * what becomes a command is one that the engine takes or refuses. A line `METHOD PATH?ARGUMENTS`,
 * lines of headers, an empty line, the body; the first byte says whose account asks. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/hall_fixture.h"
#include "gateway/accounts.h"
#include "gateway/limiter.h"
#include "gateway/metrics.h"
#include "gateway/pages.h"
#include "gateway/reception.h"
#include "gateway/shown.h"

#define LINE_BYTES_MAX 4096
#define ACCOUNTS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hall hall;
static struct gateway gateway;
static const Bl__GatewayConfig config = BL__GATEWAY_CONFIG__INIT;
static char tokens[ACCOUNTS][ACCOUNT_SECRET_BYTES + 8];

static void clean_up(void)
{
    char command[256];

    accounts_close(&gateway.accounts);
    limiter_free(&gateway.limiter);
    metrics_free(&gateway.metrics);
    shown_free(&gateway.shown);
    writer_free(&gateway.openapi);
    hall_stop(&hall);
    (void)snprintf(command, sizeof command, "rm -rf %s", hall.path);
    CHECK(system(command) == 0);
}

static void make_account(size_t index, Bl__Key__Role role)
{
    struct bl_arena arena;
    Bl__Account account = BL__ACCOUNT__INIT;
    Bl__NewToken asked = BL__NEW_TOKEN__INIT;
    Bl__Token *token;
    char name[] = "a0";

    bl_arena_init(&arena, 1024, SIZE_MAX);
    name[1] = (char)('0' + index);
    account.name = asked.account = name;
    account.role = role;
    account.department = "fire";
    CHECK(accounts_add(gateway.accounts, &account, "correct horse", hall.now, NULL) == BL_OK);
    memcpy(tokens[index], "Bearer ", 7);
    CHECK(accounts_issue(gateway.accounts, &asked, hall.now, &arena, &token, tokens[index] + 7,
                         NULL) == BL_OK);
    bl_arena_free(&arena);
}

static void set_up(void)
{
    hall_open(&hall, INT64_C(1764000000) * SECOND_US);
    hall_publish(&hall, "workflows/restaurant.yaml");
    gateway.config = &config;
    gateway.store = hall.store;
    gateway.catalog = hall.catalog;
    gateway.queries = (struct query_context){ hall.store, hall.catalog, hall.now };
    gateway.limiter = limiter_new();
    gateway.metrics = metrics_new();
    gateway.shown = shown_new();
    CHECK(pages_load("", &gateway.pages, NULL) == BL_OK);
    writer_init(&gateway.openapi, WRITER_JSON);
    CHECK(accounts_open(hall.path, &gateway.accounts, NULL) == BL_OK);
    make_account(0, BL__KEY__ROLE__CLERK);
    make_account(1, BL__KEY__ROLE__OFFICER);
    make_account(2, BL__KEY__ROLE__SUPERVISOR);
    make_account(3, BL__KEY__ROLE__ADMINISTRATOR);
    (void)atexit(clean_up);
}

/* The next line, NUL-terminated in the arena; NULL at the end or where it is too long. */
static char *next_line(struct bl_text *rest, struct bl_arena *arena)
{
    const char *end = rest->bytes == 0 ? NULL : memchr(rest->at, '\n', rest->bytes);
    size_t bytes = end == NULL ? rest->bytes : (size_t)(end - rest->at);

    if (rest->bytes == 0 || bytes > LINE_BYTES_MAX || memchr(rest->at, '\0', bytes) != NULL) {
        return NULL;
    }
    char *line = bl_arena_text(arena, (struct bl_text){ rest->at, bytes });
    bytes += end != NULL;
    *rest = (struct bl_text){ rest->at + bytes, rest->bytes - bytes };
    return line;
}

static void read_arguments(struct request *request, char *query)
{
    request->arguments.at = bl_arena_array(&request->arena, struct pair, REQUEST_PAIRS_MAX);
    while (query != NULL && request->arguments.count < REQUEST_PAIRS_MAX) {
        char *next = strchr(query, '&'), *equals = strchr(query, '=');

        if (next != NULL) {
            *next++ = '\0';
        }
        if (equals != NULL && (next == NULL || equals < next)) {
            *equals++ = '\0';
        } else {
            equals = NULL;
        }
        request->arguments.at[request->arguments.count++] = (struct pair){ query, equals };
        query = next;
    }
}

static bool parse_request(struct request *request, struct bl_text text, const char *token)
{
    char *line = next_line(&text, &request->arena), *path = line == NULL ? NULL : strchr(line, ' ');

    if (path == NULL) {
        return false;
    }
    *path++ = '\0';
    char *query = strchr(path, '?');
    if (query != NULL) {
        *query++ = '\0';
    }
    request->method = line;
    request->path = path;
    read_arguments(request, query);
    request->headers.at = bl_arena_array(&request->arena, struct pair, REQUEST_PAIRS_MAX);
    if (token != NULL) {
        request->headers.at[request->headers.count++] = (struct pair){ "Authorization", token };
    }
    while ((line = next_line(&text, &request->arena)) != NULL && line[0] != '\0') {
        char *colon = strstr(line, ": ");

        if (colon != NULL && request->headers.count < REQUEST_PAIRS_MAX) {
            *colon = '\0';
            request->headers.at[request->headers.count++] = (struct pair){ line, colon + 2 };
        }
    }
    request->body = text;
    return true;
}

/* What the broker would do with the job. Passwords are hashed elsewhere. */
static void do_job(struct request *request)
{
    struct principal person;

    if (request->job.kind == JOB_COMMAND) {
        const Bl__Command *command = &request->job.command;

        CHECK(principal_for(command->actor, &person));
        CHECK(bl__command__get_packed_size(command) > 0);
        if (command->what_case != BL__COMMAND__WHAT_GRANT_KEY &&
            command->what_case != BL__COMMAND__WHAT_REVOKE_KEY) {
            const Bl__Answer *answer = hall_do(&hall, &person, command);

            request->job.done(
                request, answer->refusal == NULL ? BL_OK : bl_err_from_name(answer->refusal->code),
                answer);
        }
    } else if (request->job.kind == JOB_QUERY) {
        request->job.shown(request, BL_CANNOT_CONNECT, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request;

    if (gateway.store == NULL) {
        set_up();
    }
    if (size == 0) {
        return 0;
    }
    hall.now += SECOND_US;
    request_begin(&request, &gateway, hall.now);
    request.begun = hall.now;
    if (parse_request(&request, (struct bl_text){ (const char *)data + 1, size - 1 },
                      data[0] % 8 < ACCOUNTS ? tokens[data[0] % 8] : NULL)) {
        reception_begin(&request);
        if (request.response.status == 0) {
            reception_run(&request);
        }
        do_job(&request);
        CHECK(request.response.status >= 200 || request.job.kind == JOB_THINK);
        CHECK(request.response.status < 600);
    }
    request_end(&request);
    return 0;
}
