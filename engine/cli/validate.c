#include "cli/validate.h"

#include <string.h>

#include "cli/output.h"
#include "schema/yaml.h"

static void check_workflow(struct cli *cli, const struct folder *folder, const char *path,
                           struct bl_text source, struct schema_problems *problems)
{
    struct definition_context context = folder_context(cli, folder);
    struct definition *definition = NULL;

    (void)!definition_load(source.at, source.bytes, path, &context, &definition, problems);
    definition_free(&definition);
}

static void check_departments(struct cli *cli, const char *path, struct bl_text source,
                              struct schema_problems *problems)
{
    const Bl__DepartmentsFile *departments;

    (void)!definition_load_departments(source.at, source.bytes, path, &cli->arena, &departments,
                                       problems);
}

/* Adds what is wrong with one file, whatever it is. */
static enum bl_err check_file(struct cli *cli, const char *path, struct schema_problems *problems,
                              struct bl_error *e)
{
    struct folder *folder = bl_arena_new(&cli->arena, struct folder);
    struct bl_text source;
    enum bl_err err = file_read(cli, path, &source, e);

    if (err == BL_TOO_LARGE) {
        schema_problem_add(problems, SCHEMA_ERROR, "E-YAML", path, 1, 1, NULL, "%s", e->text);
        return BL_OK;
    }
    if (err != BL_OK) {
        return err;
    }
    folder_read(cli, folder_find(cli, path), folder, NULL);
    switch (definition_file_kind(source.at, source.bytes)) {
    case DEFINITION_WORKFLOW:
        check_workflow(cli, folder, path, source, problems);
        break;
    case DEFINITION_DEPARTMENTS:
        check_departments(cli, path, source, problems);
        break;
    case DEFINITION_CALENDAR:
        folder_check_calendar(cli, folder, path, source, problems);
        break;
    case DEFINITION_UNKNOWN:
        // Its own words for what is wrong with it as a workflow are the best there are.
        check_workflow(cli, folder, path, source, problems);
        break;
    }
    return BL_OK;
}

static json_t *problem_json(const struct schema_problem *problem)
{
    return json_pack("{s:s?, s:I, s:I, s:s, s:s, s:s?, s:s}", "file", problem->file, "line",
                     (json_int_t)problem->line, "column", (json_int_t)problem->column, "severity",
                     problem->severity == SCHEMA_ERROR ? "error" : "warning", "code", problem->code,
                     "pointer", problem->pointer, "text", problem->text);
}

// clang-format off
static const struct column problem_columns[] = {
    { "file",     { "文件", "FILE" },     COLUMN_TEXT },
    { "line",     { "行", "LINE" },       COLUMN_NUMBER },
    { "column",   { "列", "COLUMN" },     COLUMN_NUMBER },
    { "severity", { "级别", "SEVERITY" }, COLUMN_TEXT },
    { "code",     { "代码", "CODE" },     COLUMN_TEXT },
    { "text",     { "说明", "TEXT" },     COLUMN_TEXT },
};
// clang-format on

static const struct view problem_view = { problem_columns,
                                          BL_COUNT(problem_columns),
                                          { "没有问题", "no problems" } };

/* What English adds to a noun that is counted; Chinese adds nothing. */
static const char *plural(const struct cli *cli, size_t count)
{
    return count == 1 ? "" : cli_say(cli, "", "s");
}

/* As a compiler says it, on stderr; the count is for people, the data empty on purpose. */
static void print_problems(struct cli *cli, const struct schema_problems *problems)
{
    const struct schema_problem *first = problems->count > 0 ? &problems->problems[0] : NULL;

    schema_problems_print(stderr, problems);
    if (first == NULL) {
        return;
    }
    cli_note(cli,
             cli_say(cli, "%u 个错误%s，%u 个警告%s。代码的说明：binglian help %s",
                     "%u error%s, %u warning%s. Explain a code: binglian help %s"),
             problems->error_count, plural(cli, problems->error_count), problems->warning_count,
             plural(cli, problems->warning_count), first->code);
}

int validate_run(struct cli *cli)
{
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);
    struct bl_error e = { 0 };
    int status = 0;

    schema_problems_init(problems, &cli->arena);
    for (size_t i = 0; i < cli->options.argument_count; i++) {
        e = (struct bl_error){ 0 };
        if (check_file(cli, cli->options.arguments[i], problems, &e) != BL_OK) {
            status = cli_fail(cli, &e);
        }
    }
    schema_problems_sort(problems);
    if (cli->format == OUTPUT_TABLE) {
        print_problems(cli, problems);
        if (problems->error_count == 0 && status == 0) {
            size_t count = cli->options.argument_count;

            (void)printf(cli_say(cli, "%zu 个文件正确%s\n", "%zu valid file%s\n"), count,
                         plural(cli, count));
        }
    } else {
        json_t *rows = json_array();

        for (uint32_t i = 0; i < problems->count; i++) {
            json_array_append_new(rows, problem_json(&problems->problems[i]));
        }
        (void)output_list(cli, &problem_view, rows, NULL);
    }
    return problems->error_count > 0 ? bl_err_exit(BL_DEFINITION) : status;
}

enum bl_err validate_load(struct cli *cli, const char *path, struct definition **definition,
                          struct bl_error *e)
{
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);
    struct folder *folder = bl_arena_new(&cli->arena, struct folder);
    struct definition_context context;
    struct bl_text source;
    enum bl_err err = file_read(cli, path, &source, e);

    if (err != BL_OK) {
        return err;
    }
    schema_problems_init(problems, &cli->arena);
    folder_read(cli, folder_find(cli, path), folder, NULL);
    context = folder_context(cli, folder);
    err = definition_load(source.at, source.bytes, path, &context, definition, problems);
    if (err != BL_OK) {
        print_problems(cli, problems);
        return bl_error_at(e, err, path, 0, 0, "%u error%s", problems->error_count,
                           problems->error_count == 1 ? "" : "s");
    }
    return BL_OK;
}
