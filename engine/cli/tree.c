#include "cli/tree.h"

#include <string.h>

/* --- the application -------------------------------------------------------------------------- */

static const char *item_state(struct cli *cli, const json_t *item)
{
    const char *result = output_text(item, "result");
    const char *state = output_text(item, "state");
    bool stands = result[0] != '\0' && strcmp(state, "revoked") != 0;
    const char *word = sentence_word(stands ? result : state, cli->language);

    if (json_is_true(output_find(item, "incident"))) {
        return bl_arena_printf(&cli->arena, "%s %s", word, cli_say(cli, "异常待处理", "incident"));
    }
    if (json_is_true(output_find(item, "held"))) {
        return bl_arena_printf(&cli->arena, "%s %s", word, cli_say(cli, "暂缓", "held"));
    }
    return word;
}

const char *tree_item_title(struct cli *cli, const json_t *application, const char *id)
{
    const json_t *items = output_find(application, "items");
    size_t index;
    json_t *item;

    json_array_foreach(items, index, item)
    {
        if (strcmp(output_text(item, "id"), id) == 0) {
            const char *title = output_title(cli, item, "title");

            return title[0] != '\0' ? title : id;
        }
    }
    return id;
}

/* Of an item whose clock stands for a hearing: until when it may be asked for or has to be held, or
 * the day that is set; "": none. */
static const char *hearing_remark(struct cli *cli, const json_t *item)
{
    size_t index;
    json_t *stop;

    json_array_foreach(output_find(item, "stops"), index, stop)
    {
        const char *ask_by = output_text(stop, "ask_by");
        const char *hold_by = output_text(stop, "hold_by");
        const char *held_at = output_text(stop, "held_at");

        if (output_text(stop, "to")[0] != '\0') {
            continue;
        }
        if (held_at[0] != '\0') {
            return bl_arena_printf(&cli->arena, cli_say(cli, "听证定于 %s", "hearing on %s"),
                                   output_time(cli, held_at));
        }
        if (hold_by[0] != '\0') {
            return bl_arena_printf(&cli->arena,
                                   cli_say(cli, "听证须在 %s 前举行", "hearing to be held by %s"),
                                   output_time(cli, hold_by));
        }
        if (ask_by[0] != '\0') {
            return bl_arena_printf(
                &cli->arena, cli_say(cli, "可在 %s 前申请听证", "a hearing may be asked for by %s"),
                output_time(cli, ask_by));
        }
    }
    return "";
}

/* Why it waits or is not needed, or what came out. */
static const char *item_remark(struct cli *cli, const json_t *application, const json_t *item)
{
    const json_t *needs = output_find(item, "needs");
    const char *condition = output_text(item, "condition");
    const char *remark = output_text(item, "document");

    if (condition[0] != '\0') {
        // The condition, and not what was answered: that may be nobody else's business.
        return bl_arena_printf(
            &cli->arena, cli_say(cli, "不适用：%s 不成立", "not applicable: %s does not hold"),
            condition);
    }
    if (hearing_remark(cli, item)[0] != '\0') {
        return hearing_remark(cli, item);
    }
    if (strcmp(output_text(item, "state"), "pending") == 0 && json_array_size(needs) > 0) {
        remark = cli_say(cli, "等待", "waits for");
        for (size_t i = 0; i < json_array_size(needs); i++) {
            const char *need = json_string_value(json_array_get(needs, i));

            remark = bl_arena_printf(&cli->arena, "%s%s%s", remark,
                                     i == 0 ? " " : cli_say(cli, "、", ", "),
                                     tree_item_title(cli, application, need));
        }
    }
    return bl_arena_string(&cli->arena, remark);
}

static const char *due_text(struct cli *cli, const json_t *view, const char *clock)
{
    const json_t *found = output_find(view, clock);
    const char *due = output_text(found, "due_at");

    if (due[0] == '\0') {
        return "";
    }
    return bl_arena_printf(&cli->arena, "%s%s", output_time(cli, due),
                           json_is_true(output_find(found, "provisional"))
                               ? cli_say(cli, "（暂定）", " (provisional)")
                               : "");
}

static void add_item(struct cli *cli, struct grid *grid, const json_t *application,
                     const json_t *item, bool last)
{
    enum colour colour;
    const char *light = output_light(cli, item, &colour);
    const char *department = output_title(cli, item, "department_title");

    grid_add(grid, COLOUR_NONE,
             bl_arena_printf(&cli->arena, "%s %s", last ? "└─" : "├─",
                             department[0] != '\0' ? department : output_text(item, "department")));
    grid_add(grid, COLOUR_NONE, bl_arena_string(&cli->arena, output_title(cli, item, "title")));
    grid_add(grid, COLOUR_NONE, item_state(cli, item));
    grid_add(grid, colour, light);
    grid_add(grid, COLOUR_NONE, due_text(cli, item, "promise"));
    grid_add(grid, COLOUR_DIM, item_remark(cli, application, item));
}

static void print_head(struct cli *cli, const json_t *application, FILE *out)
{
    enum colour colour;
    const char *light = output_light(cli, application, &colour);
    const char *title = output_title(cli, application, "title");
    const char *legal = due_text(cli, application, "legal");

    (void)fprintf(out, "%s%s%s  %s  %s  %s%s%s  %s\n", colour_begin(COLOUR_BOLD, cli->color_out),
                  output_text(application, "number"), colour_end(COLOUR_BOLD, cli->color_out),
                  title[0] != '\0' ? title : output_text(application, "workflow"),
                  sentence_word(output_text(application, "state"), cli->language),
                  colour_begin(colour, cli->color_out), light, colour_end(colour, cli->color_out),
                  output_text(application, "applicant"));
    (void)fprintf(
        out,
        cli_say(cli, "提交 %s  受理 %s  承诺 %s%s%s%s%s\n",
                "submitted %s  accepted %s  promised %s%s%s%s%s\n"),
        output_time(cli, output_text(application, "submitted_at")),
        output_time(cli, output_text(application, "accepted_at")),
        due_text(cli, application, "promise"),
        legal[0] != '\0' ? cli_say(cli, "  法定 ", "  legal ") : "", legal,
        output_text(application, "ended_at")[0] != '\0' ? cli_say(cli, "  办结 ", "  ended ") : "",
        output_time(cli, output_text(application, "ended_at")));
}

uint32_t tree_print(struct cli *cli, const json_t *application, FILE *out)
{
    const json_t *items = output_find(application, "items");
    struct grid grid;
    size_t count = json_array_size(items);

    print_head(cli, application, out);
    grid_init(&grid, &cli->arena, 6);
    for (size_t i = 0; i < count; i++) {
        add_item(cli, &grid, application, json_array_get(items, i), i + 1 == count);
    }
    grid_print(&grid, out, cli->color_out);
    return (uint32_t)count + 2 + tree_print_course(cli, application, out);
}
