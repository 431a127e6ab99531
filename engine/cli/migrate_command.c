/* Running cases go on under another version: binglian workflow migrate. */
#include <stdlib.h>
#include <string.h>

#include "cli/act.h"
#include "cli/connect.h"
#include "cli/output.h"
#include "core/sentence.h"

#define PAGE_MAX 200  // of a list, as the broker gives it

/* One call over many cases. */
struct migrating {
    struct cli *cli;
    struct bl_client *client;
    json_t *rows;
    uint32_t version;
    bool failed;  // one of them cannot
};

static const char *text_of(const struct cli *cli, const char *option)
{
    const char *text = option_text(&cli->options, option);

    return text == NULL ? "" : text;
}

static const char *verdict(struct migrating *m, const Bl__Answer *answer)
{
    const Bl__Refusal *refusal = answer->refusal;
    const char *text = NULL;

    if (refusal == NULL) {
        return option_flag(&m->cli->options, "dry-run")
                   ? cli_say(m->cli, "可以迁移", "it can be migrated")
                   : cli_say(m->cli, "已迁移", "migrated");
    }
    text = sentence_make(refusal, m->cli->language, &m->cli->arena);
    for (size_t i = 0; i < refusal->n_others; i++) {
        text = bl_arena_printf(&m->cli->arena, "%s%s%s", text, cli_say(m->cli, "；", "; "),
                               sentence_make(refusal->others[i], m->cli->language, &m->cli->arena));
    }
    return text;
}

/* One verdict; a case that cannot does not keep the others. */
static int migrate_one(struct migrating *m, const char *number)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Migrate migrate = BL__MIGRATE__INIT;
    const Bl__Answer *answer = NULL;
    struct bl_error e = { 0 };

    migrate.version = m->version;
    migrate.reason = text_of(m->cli, "reason");
    command.application = number;
    command.dry_run = option_flag(&m->cli->options, "dry-run");
    command.what_case = BL__COMMAND__WHAT_MIGRATE;
    command.migrate = &migrate;
    enum bl_err err = bl_client_do(m->client, &command, &answer, &e);
    if (answer == NULL) {
        return cli_fail(m->cli, &e);
    }
    (void)err;  // what it was refused for stands in the answer
    m->failed |= answer->refusal != NULL;
    json_array_append_new(m->rows,
                          json_pack("{s:s, s:b, s:s}", "application", number, "can",
                                    answer->refusal == NULL, "verdict", verdict(m, answer)));
    return 0;
}

/* The numbers of what runs of a workflow, in one page; *next goes on. */
static int read_page(struct migrating *m, json_t *numbers, const char **next)
{
    Bl__ListApplications list = BL__LIST_APPLICATIONS__INIT;
    Bl__Query query = BL__QUERY__INIT;
    const Bl__QueryAnswer *answer = NULL;

    list.workflow = m->cli->options.arguments[0];
    list.open = true;
    list.limit = PAGE_MAX;
    list.after = *next;
    query.what_case = BL__QUERY__WHAT_APPLICATIONS;
    query.applications = &list;
    int status = connect_ask(m->cli, m->client, &query, &answer);
    for (size_t i = 0; status == 0 && i < answer->n_applications; i++) {
        if (answer->applications[i]->version != m->version) {
            json_array_append_new(numbers, json_string(answer->applications[i]->number));
        }
    }
    *next = status == 0 ? bl_arena_string(&m->cli->arena, answer->next) : "";
    return status;
}

static int migrate_all(struct migrating *m)
{
    json_t *numbers = json_array();
    const char *next = "";
    size_t index;
    json_t *number;
    int status;

    do {
        status = read_page(m, numbers, &next);
    } while (status == 0 && next[0] != '\0');
    json_array_foreach(numbers, index, number)
    {
        if (status == 0) {
            status = migrate_one(m, json_string_value(number));
        }
    }
    json_decref(numbers);
    return status;
}

// clang-format off
static const struct column columns[] = {
    { "application", { "办件", "APPLICATION" }, COLUMN_TEXT },
    { "can",         { "可迁移", "CAN" },       COLUMN_YES },
    { "verdict",     { "说明", "VERDICT" },     COLUMN_TEXT },
};
// clang-format on
static const struct view view = { columns, BL_COUNT(columns), { "没有要迁移的办件", "no cases" } };

static int run_migrate(struct cli *cli)
{
    struct migrating m = { .cli = cli, .rows = json_array() };
    int status;

    m.version = (uint32_t)option_number(&cli->options, "to", 0);
    if (m.version == 0) {
        json_decref(m.rows);
        return cli_fail_usage(cli, "--to VERSION");
    }
    status = connect_open(cli, &m.client);
    for (size_t i = 1; i < cli->options.argument_count && status == 0; i++) {
        status = migrate_one(&m, cli->options.arguments[i]);
    }
    if (status == 0 && cli->options.argument_count == 1) {
        status = migrate_all(&m);
    }
    bl_client_close(&m.client);
    if (status != 0) {
        json_decref(m.rows);
        return status;
    }
    status = output_list(cli, &view, m.rows, NULL);
    return status == 0 && m.failed ? 1 : status;
}

// clang-format off
static const struct option_row migrate_options[] = {
    { "to", OPTION_NUMBER, 0, "VERSION", { "迁移到哪一版；可以迁回", "the version that they go to; back is possible too" }, NULL },
    ACT_REASON_ROW,
    { "dry-run", OPTION_FLAG, 0, NULL, { "只说每件能否迁移", "only a verdict for each" }, NULL },
};

const struct command command_workflow_migrate = {
    .name = "workflow migrate", .arguments = "WORKFLOW [NUMBER...]", .arguments_min = 1, .arguments_max = ARGUMENTS_MAX, .section = SECTION_DEFINITIONS,
    .summary = { "在办件转用另一版流程，每件一个结论", "running cases go on under another version: a verdict for each" },
    .details = { "同名事项保持现状，新事项照常启动，取消的事项终止并留存，期限按新版重算。", "Items of the same id stay as they are, new ones start, those that are gone end and stay on record; clocks are counted again." },
    COMMAND_OPTIONS(migrate_options),
    .examples = "workflow migrate restaurant --to 2 --reason 修订 --dry-run\nworkflow migrate restaurant --to 2 --reason 修订 CY-20261123-0001",
    .run = run_migrate,
};
// clang-format on
