#include "cli/publish.h"

#include <stdlib.h>
#include <string.h>

#include "cli/connect.h"
#include "cli/folder.h"
#include "cli/output.h"
#include "schema/yaml.h"

struct file {
    const char *path;
    struct bl_text source;
    int rank;  // calendars before those that stand on them, departments, then workflows
};

static int rank_of(struct bl_text source)
{
    switch (definition_file_kind(source.at, source.bytes)) {
    case DEFINITION_CALENDAR:
        return yaml_has_key(source.at, source.bytes, "base") ? 1 : 0;
    case DEFINITION_DEPARTMENTS:
        return 2;
    case DEFINITION_WORKFLOW:
    case DEFINITION_UNKNOWN:  // the broker says what is wrong with it
        return 3;
    }
    UNREACHABLE();
}

static int compare(const void *a, const void *b)
{
    const struct file *one = a, *other = b;

    return one->rank != other->rank ? one->rank - other->rank
                                    : (one->path > other->path) - (one->path < other->path);
}

// clang-format off
static const struct column columns[] = {
    { "file",      { "文件", "FILE" },        COLUMN_TEXT },
    { "event",     { "事件", "EVENT" },       COLUMN_NUMBER },
    { "unchanged", { "未变", "UNCHANGED" },   COLUMN_YES },
};
// clang-format on
static const struct view view = { columns, BL_COUNT(columns), { "没有文件", "no files" } };

static int publish_file(struct cli *cli, struct bl_client *client, const struct file *file,
                        bl_time effective_at, json_t *rows)
{
    Bl__Publish publish = BL__PUBLISH__INIT;
    Bl__Command command = BL__COMMAND__INIT;
    const Bl__Answer *answer = NULL;

    publish.source.data = (uint8_t *)file->source.at;
    publish.source.len = file->source.bytes;
    publish.file = file->path;
    publish.effective_at = file->rank == 3 ? effective_at : 0;
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &publish;
    int status = connect_do(cli, client, &command, &answer);
    if (status == 0) {
        json_array_append_new(
            rows, json_pack("{s:s, s:o, s:b}", "file", file->path, "event",
                            json_string(bl_arena_printf(&cli->arena, "%llu",
                                                        (unsigned long long)answer->event)),
                            "unchanged", answer->event == 0));
    }
    return status;
}

/* From when on new applications take it: a date is its beginning in the zone of the hall. */
static int read_effective(struct cli *cli, bl_time *at)
{
    const char *text = option_text(&cli->options, "effective-at");
    struct bl_error e = { 0 };

    if (text == NULL) {
        return 0;
    }
    int status = connect_moment(cli, text, "00:00", &text);
    if (status != 0) {
        return status;
    }
    return bl_time_parse(text, at, &e) == BL_OK ? 0 : cli_fail(cli, &e);
}

int publish_run(struct cli *cli)
{
    size_t count = cli->options.argument_count;
    struct file *files = bl_arena_array(&cli->arena, struct file, count);
    struct bl_client *client = NULL;
    json_t *rows = json_array();
    bl_time effective_at = 0;
    int status = read_effective(cli, &effective_at);

    for (size_t i = 0; i < count && status == 0; i++) {
        struct bl_error e = { 0 };

        files[i].path = cli->options.arguments[i];
        status =
            file_read(cli, files[i].path, &files[i].source, &e) == BL_OK ? 0 : cli_fail(cli, &e);
        files[i].rank = status == 0 ? rank_of(files[i].source) : 0;
    }
    qsort(files, count, sizeof *files, compare);
    status = status == 0 ? connect_open(cli, &client) : status;
    for (size_t i = 0; i < count && client != NULL; i++) {
        int failed = publish_file(cli, client, &files[i], effective_at, rows);

        status = status == 0 ? failed : status;  // the others may be fine
    }
    bl_client_close(&client);
    (void)output_list(cli, &view, rows, NULL);
    return status;
}
