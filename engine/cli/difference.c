#include "cli/difference.h"

#include <stdio.h>

// clang-format off
static const struct column columns[] = {
    { "change", { "变化", "CHANGE" }, COLUMN_WORD },
    { "path",   { "位置", "PATH" },   COLUMN_TEXT },
    { "before", { "原为", "BEFORE" }, COLUMN_TEXT },
    { "after",  { "现为", "AFTER" },  COLUMN_TEXT },
};
// clang-format on
static const struct view view = { columns, BL_COUNT(columns), { "没有差别", "no difference" } };

static void add(json_t *rows, const char *change, const char *path, const json_t *before,
                const json_t *after)
{
    json_array_append_new(rows, json_pack("{s:s, s:s, s:O?, s:O?}", "change", change, "path", path,
                                          "before", before, "after", after));
}

static void compare(struct cli *cli, json_t *rows, const char *path, const json_t *before,
                    const json_t *after);

static void compare_objects(struct cli *cli, json_t *rows, const char *path, const json_t *before,
                            const json_t *after)
{
    const char *dot = path[0] == '\0' ? "" : ".";
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)before, key, value)
    {
        compare(cli, rows, bl_arena_printf(&cli->arena, "%s%s%s", path, dot, key), value,
                json_object_get(after, key));
    }
    json_object_foreach((json_t *)after, key, value)
    {
        if (json_object_get(before, key) == NULL) {
            compare(cli, rows, bl_arena_printf(&cli->arena, "%s%s%s", path, dot, key), NULL, value);
        }
    }
}

/* Lists of objects are compared element by element, lists of words as a whole. */
static void compare_lists(struct cli *cli, json_t *rows, const char *path, const json_t *before,
                          const json_t *after)
{
    size_t count = json_array_size(before) > json_array_size(after) ? json_array_size(before)
                                                                    : json_array_size(after);

    if (!json_is_object(json_array_get(before, 0)) && !json_is_object(json_array_get(after, 0))) {
        add(rows, "changed", path, before, after);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        compare(cli, rows, bl_arena_printf(&cli->arena, "%s[%zu]", path, i),
                json_array_get(before, i), json_array_get(after, i));
    }
}

static void compare(struct cli *cli, json_t *rows, const char *path, const json_t *before,
                    const json_t *after)
{
    if (before == NULL || after == NULL) {
        add(rows, before == NULL ? "added" : "removed", path, before, after);
    } else if (json_equal(before, after)) {
        return;
    } else if (json_is_object(before) && json_is_object(after)) {
        compare_objects(cli, rows, path, before, after);
    } else if (json_is_array(before) && json_is_array(after)) {
        compare_lists(cli, rows, path, before, after);
    } else {
        add(rows, "changed", path, before, after);
    }
}

int difference_show(struct cli *cli, const ProtobufCMessage *before, const ProtobufCMessage *after)
{
    json_t *one = output_of(cli, before), *other = output_of(cli, after), *rows = json_array();

    compare(cli, rows, "", one, other);
    json_decref(one);
    json_decref(other);
    return output_list(cli, &view, rows, NULL);
}
