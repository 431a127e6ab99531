#include "cli/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/connect.h"
#include "cli/folder.h"
#include "cli/output.h"
#include "cli/task_name.h"
#include "schema/json.h"
#include "schema/problem.h"

/* --- from options to a command ---------------------------------------------------------------- */

/* The field that an option fills, and nothing where it fills none. */
static const ProtobufCFieldDescriptor *field_of(struct cli *cli, const struct act *act,
                                                const ProtobufCMessageDescriptor *message,
                                                const char *option)
{
    char *name = bl_arena_string(&cli->arena, option);
    const char *renamed = act->fields == NULL ? "" : act->fields;
    size_t bytes = strlen(option);

    for (char *at = name; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    for (; *renamed != '\0'; renamed += strspn(renamed, " ")) {
        size_t length = strcspn(renamed, " ");

        if (strncmp(renamed, option, bytes) == 0 && renamed[bytes] == '=') {
            name = bl_arena_text(&cli->arena,
                                 (struct bl_text){ renamed + bytes + 1, length - bytes - 1 });
        }
        renamed += length;
    }
    return protobuf_c_message_descriptor_get_field_by_name(message, name);
}

static int fail_text(struct cli *cli, const char *where)
{
    struct bl_error e = { 0 };

    (void)bl_error_set(&e, BL_INVALID, "%s: this is no UTF-8", where);
    return cli_fail(cli, &e);
}

/* What people write at length may stand in a file: @FILE. */
static int text_value(struct cli *cli, const struct option_row *row, const char *value,
                      const char **text)
{
    struct bl_text read = bl_text_of(value);
    struct bl_error e = { 0 };

    if (value[0] == '@' && strstr(row->value, "@FILE") != NULL) {
        if (file_read(cli, value + 1, &read, &e) != BL_OK) {
            return cli_fail(cli, &e);
        }
        while (read.bytes > 0 && strchr("\r\n", read.at[read.bytes - 1]) != NULL) {
            read.bytes--;  // an editor's last line end is no part of what is said
        }
    }
    if (!bl_text_is_valid(read.at, read.bytes)) {
        return fail_text(cli, bl_arena_printf(&cli->arena, "--%s", row->name));
    }
    *text = bl_arena_text(&cli->arena, read);
    return 0;
}

/* The names in "a,b". */
static void append_names(struct bl_arena *arena, json_t *list, const char *names)
{
    while (*names != '\0') {
        size_t length = strcspn(names, ",");

        json_array_append_new(list,
                              json_string(bl_arena_text(arena, (struct bl_text){ names, length })));
        names += length + (names[length] == ',');
    }
}

static json_t *list_at(json_t *object, const char *key)
{
    json_t *list = json_object_get(object, key);

    if (list == NULL) {
        list = json_array();
        json_object_set_new(object, key, list);
    }
    return list;
}

/* Puts a value under its field's name as the JSON that schema/json.h reads. */
static void put(struct cli *cli, json_t *object, const ProtobufCFieldDescriptor *field,
                const char *value)
{
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        append_names(&cli->arena, list_at(object, field->name), value);
    } else if (field->type == PROTOBUF_C_TYPE_BOOL) {
        json_object_set_new(object, field->name, json_boolean(strcmp(value, "no") != 0));
    } else if (field->type == PROTOBUF_C_TYPE_UINT32) {
        json_object_set_new(object, field->name, json_integer(strtoll(value, NULL, 10)));
    } else {
        json_object_set_new(object, field->name, json_string(value));
    }
}

static int put_options(struct cli *cli, const struct act *act,
                       const ProtobufCMessageDescriptor *message, json_t *object)
{
    for (size_t i = 0; i < cli->options.given_count; i++) {
        const struct option_given *given = &cli->options.given[i];
        const ProtobufCFieldDescriptor *field = field_of(cli, act, message, given->row->name);
        const char *value = given->value == NULL ? "" : given->value;
        int status = field == NULL || given->value == NULL
                         ? 0
                         : text_value(cli, given->row, given->value, &value);

        if (status == 0 && field != NULL && field->type == PROTOBUF_C_TYPE_SFIXED64) {
            status = connect_moment(cli, value, "00:00", &value);
        }
        if (status != 0) {
            return status;
        }
        if (field != NULL) {
            put(cli, object, field, value);
        }
    }
    return 0;
}

static void put_preset(struct cli *cli, const struct act *act,
                       const ProtobufCMessageDescriptor *message, json_t *object)
{
    if (act->preset != NULL) {
        char *name = bl_arena_string(&cli->arena, act->preset), *value = strchr(name, '=');

        *value++ = '\0';
        put(cli, object, protobuf_c_message_descriptor_get_field_by_name(message, name), value);
    }
}

static bool has_field(const ProtobufCMessageDescriptor *message, const char *name)
{
    return protobuf_c_message_descriptor_get_field_by_name(message, name) != NULL;
}

/* What the argument names, in the fields that the act has for it: an item, or something that has a
 * number, as an opinion or a notice. */
static void put_name(const struct act *act, const ProtobufCMessageDescriptor *message,
                     struct task_name name, json_t *object)
{
    const char *numbered = name.step[0] != '\0' ? name.step : name.item;

    if (name.item[0] != '\0' && has_field(message, "items")) {
        json_array_append_new(list_at(object, "items"), json_string(name.item));
    } else if (name.item[0] != '\0' && has_field(message, "item")) {
        json_object_set_new(object, "item", json_string(name.item));
    }
    if (act->step && name.step[0] != '\0') {
        json_object_set_new(object, "step", json_string(name.step));
    } else if (has_field(message, "number") && task_name_number(numbered) > 0 &&
               json_object_get(object, "number") == NULL) {
        json_object_set_new(object, "number", json_integer(task_name_number(numbered)));
    }
}

static Bl__Command *read_command(struct cli *cli, const json_t *value, int *status)
{
    struct schema_problems *problems = bl_arena_new(&cli->arena, struct schema_problems);
    char *text = json_dumps(value, JSON_COMPACT);
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };

    schema_problems_init(problems, &cli->arena);
    enum bl_err err = json_read_message(text, strlen(text), &bl__command__descriptor, &cli->arena,
                                        &message, problems);
    free(text);
    if (err != BL_OK) {
        (void)schema_problems_error(problems, err, &e);
        *status = cli_fail(cli, &e);
        return NULL;
    }
    return (Bl__Command *)message;
}

/* The act that it is of what the argument names: a notice is one thing, an item another. */
static struct act act_of(const struct command *command, struct task_name name)
{
    struct act act = *command->act;

    if (act.otherwise != NULL && task_name_number(name.item) == 0) {
        act.what = act.otherwise;
        act.fields = NULL;
    }
    return act;
}

Bl__Command *act_command(struct cli *cli, const char *argument, int *status)
{
    struct task_name name = task_name_of(&cli->arena, argument);
    const struct act of_name = act_of(cli->command, name), *act = &of_name;
    const ProtobufCFieldDescriptor *what =
        protobuf_c_message_descriptor_get_field_by_name(&bl__command__descriptor, act->what);
    const ProtobufCMessageDescriptor *message = what->descriptor;
    Bl__Command *command = NULL;

    if (!bl_text_is_valid(argument, strlen(argument))) {
        *status = fail_text(cli, cli->command->arguments);
        return NULL;
    }
    if (!task_name_is_whole(argument)) {
        *status = cli_fail_usage(cli,
                                 cli_say(cli, "“%s”不完整：点的前后不能为空",
                                         "\"%s\" is incomplete: something stands on both "
                                         "sides of a dot"),
                                 argument);
        return NULL;
    }
    json_t *value = json_object(), *object = json_object();

    json_object_set_new(value, "application", json_string(name.number));
    json_object_set_new(value, act->what, object);
    json_object_set_new(value, "dry_run", json_boolean(option_flag(&cli->options, "dry-run")));
    put_preset(cli, act, message, object);
    *status = put_options(cli, act, message, object);
    put_name(act, message, name, object);
    if (*status == 0) {
        command = read_command(cli, value, status);
    }
    json_decref(value);
    return command;
}

/* --- one -------------------------------------------------------------------------------------- */

static void print_done(struct cli *cli, const json_t *answer)
{
    if (option_flag(&cli->options, "dry-run")) {
        (void)puts(cli_say(cli, "可以办理（未执行）", "it can be done (nothing was)"));
        return;
    }
    (void)printf(cli_say(cli, "完成，事件 %s\n", "done, event %s\n"), output_text(answer, "event"));
}

int act_do(struct cli *cli, Bl__Command *command)
{
    struct bl_client *client = NULL;
    const Bl__Answer *answer = NULL;
    int status = connect_open(cli, &client);

    if (status == 0) {
        status = connect_do(cli, client, command, &answer);
    }
    if (status == 0) {
        status = output_value(cli, output_of(cli, &answer->base), print_done);
    }
    bl_client_close(&client);
    return status;
}

/* --- several ---------------------------------------------------------------------------------- */

// clang-format off
static const struct column row_columns[] = {
    { "task",  { "任务", "TASK" },   COLUMN_TEXT },
    { "done",  { "完成", "DONE" },   COLUMN_YES },
    { "event", { "事件", "EVENT" },  COLUMN_NUMBER },
    { "words", { "说明", "WHY" },    COLUMN_TEXT },
};
// clang-format on
static const struct view row_view = { row_columns, BL_COUNT(row_columns), { "", "" } };

/* What the refusal says, with its further problems. */
static const char *refusal_words(struct cli *cli, const Bl__Refusal *refusal)
{
    const char *words = sentence_make(refusal, cli->language, &cli->arena);

    for (size_t i = 0; i < refusal->n_others; i++) {
        words = bl_arena_printf(&cli->arena, "%s%s%s", words, cli_say(cli, "；", "; "),
                                sentence_make(refusal->others[i], cli->language, &cli->arena));
    }
    if (refusal->n_instead > 0) {
        words =
            bl_arena_printf(&cli->arena, cli_say(cli, "%s；现在可以：%s", "%s; possible now: %s"),
                            words, cli_instead(cli, refusal));
    }
    return words;
}

static json_t *row_of(struct cli *cli, const char *task, enum bl_err err, const Bl__Answer *answer,
                      const struct bl_error *e)
{
    json_t *row = answer == NULL ? json_object() : output_of(cli, &answer->base);

    json_object_set_new(row, "task", json_string(task));
    json_object_set_new(row, "done", json_boolean(err == BL_OK));
    if (answer != NULL && answer->refusal != NULL) {
        json_object_set_new(row, "words", json_string(refusal_words(cli, answer->refusal)));
    } else if (err != BL_OK) {
        json_object_set_new(row, "words", json_string(e->text));
    }
    return row;
}

static bool is_lost(enum bl_err err, const Bl__Answer *answer)
{
    return answer == NULL && (err == BL_CANNOT_CONNECT || err == BL_TIMEOUT || err == BL_IO);
}

/* Each on its own; what is wrong with one is its own matter, but without a broker there is no use
 * in going on. */
static int do_each(struct cli *cli, struct bl_client *client)
{
    json_t *rows = json_array();
    struct bl_error e = { 0 };
    bool failed = false, lost = false;
    int status = 0;

    for (size_t i = 0; i < cli->options.argument_count && !lost && status == 0; i++) {
        const Bl__Command *command = act_command(cli, cli->options.arguments[i], &status);
        const Bl__Answer *answer = NULL;

        if (command == NULL) {
            break;
        }
        e = (struct bl_error){ 0 };
        enum bl_err err = bl_client_do(client, command, &answer, &e);
        cli->offset_minutes = bl_client_utc_offset(client);
        cli->in_zone = true;
        failed |= err != BL_OK;
        lost = is_lost(err, answer);
        if (err == BL_OK) {
            connect_warn(cli, answer);
        }
        json_array_append_new(rows, row_of(cli, cli->options.arguments[i], err, answer, &e));
    }
    (void)output_list(cli, &row_view, rows, NULL);
    if (status != 0 || lost) {
        return status != 0 ? status : cli_fail(cli, &e);
    }
    return failed ? bl_err_exit(BL_FAILED) : 0;
}

static int fail_missing(struct cli *cli, const char *option)
{
    return cli_fail_usage(cli, cli_say(cli, "缺少选项：--%s", "missing: --%s"), option);
}

int act_run(struct cli *cli)
{
    const char *required = cli->command->act->required;
    struct bl_client *client = NULL;
    int status;

    if (required != NULL && option_text(&cli->options, required) == NULL) {
        return fail_missing(cli, required);
    }
    if (cli->options.argument_count == 1) {
        Bl__Command *command = act_command(cli, cli->options.arguments[0], &status);

        return command == NULL ? status : act_do(cli, command);
    }
    status = connect_open(cli, &client);
    if (status == 0) {
        status = do_each(cli, client);
    }
    bl_client_close(&client);
    return status;
}
