#include "cli/connect.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/folder.h"

#define PROGRAM "binglian " BINGLIAN_VERSION
#define MEET_TIMEOUT 10  // seconds, where --timeout says no other

static const char *option_or_environment(const struct cli *cli, const char *option,
                                         const char *variable)
{
    const char *value = option_text(&cli->options, option);

    value = value != NULL ? value : getenv(variable);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *connect_endpoint(struct cli *cli, struct bl_error *e)
{
    const char *endpoint = option_or_environment(cli, "connect", "BINGLIAN_CONNECT");
    const char *data = option_or_environment(cli, "data", "BINGLIAN_DATA");
    struct bl_text text;

    if (endpoint != NULL) {
        return endpoint;
    }
    if (data == NULL) {
        (void)bl_error_set(
            e, BL_USAGE, "%s",
            cli_say(cli, "不知道服务在哪里；请用 --connect、BINGLIAN_CONNECT 或 --data 指明",
                    "where is the broker? --connect, BINGLIAN_CONNECT or --data"));
        return NULL;
    }
    if (file_read(cli, bl_arena_printf(&cli->arena, "%s/endpoint", data), &text, e) != BL_OK) {
        return NULL;
    }
    text.bytes = strcspn(text.at, "\r\n");
    return bl_arena_text(&cli->arena, text);
}

const char *connect_identity(struct cli *cli)
{
    const char *identity = option_or_environment(cli, "identity", "BINGLIAN_IDENTITY");
    const char *data = option_or_environment(cli, "data", "BINGLIAN_DATA");

    if (identity == NULL && data != NULL) {
        identity = bl_arena_printf(&cli->arena, "%s/admin.identity", data);
        identity = access(identity, F_OK) == 0 ? identity : NULL;
    }
    return identity;
}

int connect_open(struct cli *cli, struct bl_client **client)
{
    struct bl_client_options options = {
        .identity = connect_identity(cli),
        .program = PROGRAM,
        .principal = option_text(&cli->options, "as"),
        .timeout = (bl_span)option_number(&cli->options, "timeout", 0) * SECOND_US,
    };
    struct bl_error e = { 0 };
    const char *endpoint = connect_endpoint(cli, &e);

    if (endpoint == NULL || bl_client_open(endpoint, &options, client, &e) != BL_OK) {
        return cli_fail(cli, &e);
    }
    return 0;
}

static void take_zone(struct cli *cli, const struct bl_client *client)
{
    cli->offset_minutes = bl_client_utc_offset(client);
    cli->in_zone = true;
}

static int ask_zone(struct cli *cli)
{
    bl_span timeout = (bl_span)option_number(&cli->options, "timeout", MEET_TIMEOUT) * SECOND_US;
    struct bl_client *client = NULL;
    struct bl_error e = { 0 };
    int status = cli->in_zone ? 0 : connect_open(cli, &client);

    if (client != NULL && bl_client_meet(client, timeout, &e) != BL_OK) {
        status = cli_fail(cli, &e);
    } else if (client != NULL) {
        take_zone(cli, client);
    }
    bl_client_close(&client);
    return status;
}

int connect_moment(struct cli *cli, const char *text, const char *of_day, const char **moment)
{
    size_t bytes = strlen(text);
    bool date = bytes == strlen("2026-12-05"), minutes = bytes == strlen("2026-12-05T09:30");

    *moment = text;
    if ((!date && !minutes && bytes != strlen("2026-12-05T09:30:00")) || text[4] != '-') {
        return 0;
    }
    int status = ask_zone(cli);
    int32_t offset = cli->offset_minutes;
    *moment = bl_arena_printf(&cli->arena, "%s%s%s%s%c%02d:%02d", text, date ? "T" : "",
                              date ? of_day : "", date || minutes ? ":00" : "",
                              offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
    return status;
}

void connect_warn(struct cli *cli, const Bl__Answer *answer)
{
    for (size_t i = 0; i < answer->n_warnings; i++) {
        cli_note(cli, cli_say(cli, "注意：%s", "note: %s"),
                 sentence_make(answer->warnings[i], cli->language, &cli->arena));
    }
}

int connect_do(struct cli *cli, struct bl_client *client, const Bl__Command *command,
               const Bl__Answer **answer)
{
    struct bl_error e = { 0 };
    enum bl_err err = bl_client_do(client, command, answer, &e);

    take_zone(cli, client);
    if (err != BL_OK && *answer != NULL && (*answer)->refusal != NULL) {
        return cli_fail_refused(cli, (*answer)->refusal);
    }
    if (err != BL_OK) {
        return cli_fail(cli, &e);
    }
    connect_warn(cli, *answer);
    return 0;
}

int connect_ask(struct cli *cli, struct bl_client *client, const Bl__Query *query,
                const Bl__QueryAnswer **answer)
{
    struct bl_error e = { 0 };
    enum bl_err err = bl_client_ask(client, query, answer, &e);

    take_zone(cli, client);
    if (err != BL_OK && *answer != NULL && (*answer)->refusal != NULL) {
        return cli_fail_refused(cli, (*answer)->refusal);
    }
    return err == BL_OK ? 0 : cli_fail(cli, &e);
}

int connect_show(struct cli *cli, const Bl__Query *query,
                 int (*show)(struct cli *cli, const Bl__QueryAnswer *answer))
{
    struct bl_client *client = NULL;
    const Bl__QueryAnswer *answer = NULL;
    int status = connect_open(cli, &client);

    if (status == 0) {
        status = connect_ask(cli, client, query, &answer);
    }
    if (status == 0) {
        status = show(cli, answer);
    }
    bl_client_close(&client);
    return status;
}
