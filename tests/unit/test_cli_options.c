/* The command line: options by their table, and the table of commands itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the above first
#include <cmocka.h>

#include "cli/command.h"
#include "cli/help.h"
#include "cli/topic_workflow.h"

// clang-format off
static const struct option_row rows[] = {
    { "output", OPTION_TEXT, 'o', "FORMAT", { "", "" }, "table|json" },
    { "limit", OPTION_NUMBER, 0, "N", { "", "" }, NULL },
    { "suspend", OPTION_TEXT, 0, "FROM..TO", { "", "" }, NULL },
    { "all", OPTION_FLAG, 'a', NULL, { "", "" }, NULL },
};

/* What a command line says, written back in one order: "output=json limit=5 all | a b". */
struct options_case {
    const char *words[8];
    const char *expected;  // or the error
};

static const struct options_case options_cases[] = {
    { { "-o", "json", "x" }, "output=json | x" },
    { { "-ojson", "x" }, "output=json | x" },
    { { "--output=json" }, "output=json |" },
    { { "x", "--output", "table", "y" }, "output=table | x y" },
    { { "--limit", "5", "--all" }, "limit=5 all |" },
    { { "-a", "-" }, "all | -" },
    { { "--", "--all", "-o" }, "| --all -o" },
    { { "--suspend", "a", "--suspend=b" }, "suspend=a suspend=b |" },
    { { "-7/2", "--1", "-(1)", "-o", "json" }, "output=json | -7/2 --1 -(1)" },
    { { "--suspend=" }, "suspend= |" },
    { { "--suspend", "-o" }, "suspend=-o |" },
    { { "--outptu", "json" }, "unknown option --outptu; did you mean --output?" },
    { { "--frobnicate" }, "unknown option --frobnicate" },
    { { "-x" }, "unknown option -x" },
    { { "--all=yes" }, "--all takes no value" },
    { { "--limit" }, "--limit needs a value: N" },
    { { "--limit", "-1" }, "--limit: \"-1\" is no number" },
    { { "--limit", "5x" }, "--limit: \"5x\" is no number" },
    { { "--limit", "99999999999999999999" }, "--limit: \"99999999999999999999\" is no number" },
    { { "-o", "xml" }, "--output: \"xml\" is none of table|json" },
    { { "-o", "jso" }, "--output: \"jso\" is none of table|json" },
};
// clang-format on

static void write_back(const struct options *options, char *text, size_t size)
{
    size_t at = 0;

    for (size_t i = 0; i < options->given_count; i++) {
        const struct option_given *given = &options->given[i];

        at += (size_t)snprintf(text + at, size - at, "%s%s%s ", given->row->name,
                               given->value != NULL ? "=" : "",
                               given->value != NULL ? given->value : "");
    }
    at += (size_t)snprintf(text + at, size - at, "|");
    for (size_t i = 0; i < options->argument_count; i++) {
        at += (size_t)snprintf(text + at, size - at, " %s", options->arguments[i]);
    }
}

static void options_are_read(void **state)
{
    const struct options_case *row = *state;
    const struct option_table table = { rows, BL_COUNT(rows) };
    struct options options = { 0 };
    Bl__Refusal *refusal = NULL;
    struct bl_arena arena;
    char text[512];
    size_t used;

    bl_arena_init(&arena, 1024, 1 << 16);
    enum bl_err err =
        options_read(&options, (char *const *)row->words, true, &table, 1, &used, &arena, &refusal);
    if (err == BL_OK) {
        write_back(&options, text, sizeof text);
        assert_string_equal(text, row->expected);
    } else {
        assert_int_equal(err, BL_USAGE);
        assert_string_equal(sentence_make(refusal, LANGUAGE_EN, &arena), row->expected);
        assert_string_not_equal(sentence_make(refusal, LANGUAGE_ZH, &arena), row->expected);
    }
    bl_arena_free(&arena);
}

static void reading_stops_at_the_command(void **state)
{
    char *const words[] = { (char *)"-a", (char *)"list", (char *)"-o", (char *)"json", NULL };
    const struct option_table table = { rows, BL_COUNT(rows) };
    struct options options = { 0 };
    Bl__Refusal *refusal = NULL;
    struct bl_arena arena;
    size_t used;

    (void)state;
    bl_arena_init(&arena, 1024, 1 << 16);
    assert_int_equal(options_read(&options, words, false, &table, 1, &used, &arena, &refusal),
                     BL_OK);
    assert_int_equal(used, 1);
    assert_true(option_flag(&options, "all"));
    assert_null(option_text(&options, "output"));
}

static void values_are_found(void **state)
{
    char *const words[] = {
        (char *)"--limit", (char *)"5", (char *)"--suspend", (char *)"a", (char *)"--suspend",
        (char *)"b",       NULL
    };
    const struct option_table table = { rows, BL_COUNT(rows) };
    struct options options = { 0 };
    Bl__Refusal *refusal = NULL;
    struct bl_arena arena;
    size_t used, at = 0;

    (void)state;
    bl_arena_init(&arena, 1024, 1 << 16);
    assert_int_equal(options_read(&options, words, true, &table, 1, &used, &arena, &refusal),
                     BL_OK);
    assert_int_equal(option_number(&options, "limit", 7), 5);
    assert_int_equal(option_number(&options, "other", 7), 7);
    assert_string_equal(option_text(&options, "suspend"), "b");
    assert_string_equal(option_next(&options, "suspend", &at), "a");
    assert_string_equal(option_next(&options, "suspend", &at), "b");
    assert_null(option_next(&options, "suspend", &at));
    assert_int_equal(option_choice("zh|en", "en"), 1);
    assert_int_equal(option_choice("zh|en", "z"), -1);
    assert_int_equal(option_choice("zh|en", "zh|en"), -1);
}

/* --- the table ---------------------------------------------------------------------------------
 */

static void assert_words(const char *where, struct words words)
{
    if (words.zh == NULL || words.zh[0] == '\0' || words.en == NULL || words.en[0] == '\0') {
        fail_msg("%s is not said in both languages", where);
    }
}

static void check_option(const struct command *command, const struct option_row *row)
{
    assert_words(row->name, row->help);
    if ((row->kind == OPTION_FLAG) != (row->value == NULL)) {
        fail_msg("%s --%s: a flag has no value, anything else has", command->name, row->name);
    }
    for (size_t i = 0; i < help_common_option_count; i++) {
        if (strcmp(help_common_options[i].name, row->name) == 0) {
            fail_msg("%s --%s is an option of all commands", command->name, row->name);
        }
    }
}

/* Every example begins with its command, and its options are there. */
static void check_example(const struct command *command, const char *line, size_t length)
{
    char text[512];
    char *words[32] = { NULL }, *save = NULL;
    size_t count = 0, used = 0;

    assert_true(length < sizeof text);
    memcpy(text, line, length);
    text[length] = '\0';
    text[strcspn(text, "|>&")] = '\0';  // what the shell does with it
    for (char *word = strtok_r(text, " ", &save); word != NULL && count < 31;
         word = strtok_r(NULL, " ", &save)) {
        words[count++] = word;
    }
    if (command_find(words, count, &used) != command) {
        fail_msg("%s: its example is of another command: %.*s", command->name, (int)length, line);
    }
    for (size_t i = used; i < count; i++) {
        if (strncmp(words[i], "--", 2) == 0) {
            const struct option_table tables[] = {
                { command->options, command->option_count },
                { help_common_options, help_common_option_count },
            };
            char *one[] = { words[i], (char *)"1", NULL };
            struct options options = { 0 };
            Bl__Refusal *refusal = NULL;
            struct bl_arena arena;
            size_t read;

            bl_arena_init(&arena, 1024, 1 << 16);
            (void)!options_read(&options, one, true, tables, 2, &read, &arena, &refusal);
            if (refusal != NULL && strcmp(refusal->rule, "option-unknown") == 0) {
                fail_msg("%s: its example has the unknown %s", command->name, words[i]);
            }
            bl_arena_free(&arena);
        }
    }
}

static void every_row_is_whole(void **state)
{
    const struct command *command = *state;

    assert_words(command->name, command->summary);
    assert_non_null(command->run);
    assert_non_null(command->arguments);
    assert_true(command->arguments_min <= command->arguments_max);
    assert_true((command->arguments_max > 0) == (command->arguments[0] != '\0'));
    for (size_t i = 0; i < command->option_count; i++) {
        check_option(command, &command->options[i]);
    }
    assert_non_null(command->examples);
    for (const char *line = command->examples; *line != '\0';) {
        size_t length = strcspn(line, "\n");

        check_example(command, line, length);
        line += length + (line[length] == '\n');
    }
}

static void commands_are_found(void **state)
{
    char *const two[] = { (char *)"workflow", (char *)"validate", (char *)"x.yaml" };
    char *const group[] = { (char *)"workflow" };
    size_t used;

    (void)state;
    assert_string_equal(command_find(two, 3, &used)->name, "workflow validate");
    assert_int_equal(used, 2);
    assert_null(command_find(group, 1, &used));
    assert_true(command_is_group("workflow"));
    assert_false(command_is_group("show"));
    assert_string_equal(command_nearest("sumbit"), "submit");
    assert_null(command_nearest("frobnicate"));
}

static void topics_are_said_in_both_languages(void **state)
{
    (void)state;
    for (size_t i = 0; i < topic_count; i++) {
        assert_words(topics[i].name, topics[i].title);
        if (topics[i].make == NULL) {
            assert_words(topics[i].name, topics[i].text);
        }
    }
}

static bool is_explained(const char *key)
{
    size_t count;
    const struct key_help *keys = key_helps(&count);

    for (size_t i = 0; i < count; i++) {
        if (keys[i].key != NULL && strcmp(keys[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* Every key of the language has its line, in both languages. */
static void assert_explained(const ProtobufCMessageDescriptor *message, unsigned depth)
{
    static const char *const ours[] = { "zh", "en", "key", "value", "section" };

    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        bool known = is_explained(field->name);

        for (size_t k = 0; k < BL_COUNT(ours); k++) {
            known |= strcmp(ours[k], field->name) == 0;
        }
        if (!known) {
            fail_msg("help workflow does not explain %s of %s", field->name, message->name);
        }
        if (field->type == PROTOBUF_C_TYPE_MESSAGE && depth > 0) {
            assert_explained(field->descriptor, depth - 1);
        }
    }
}

static void every_key_is_explained(void **state)
{
    size_t count;
    const struct key_help *keys = key_helps(&count);

    (void)state;
    assert_explained(&bl__workflow__descriptor, 6);
    assert_explained(&bl__departments_file__descriptor, 6);
    for (size_t i = 0; i < count; i++) {
        assert_words(keys[i].key == NULL ? "a heading" : keys[i].key, keys[i].text);
    }
}

static void the_patterns_are_listed(void **state)
{
    struct bl_arena made;
    const char *text;

    (void)state;
    bl_arena_init(&made, 4096, (size_t)1 << 20);
    text = topic_patterns(&made, LANGUAGE_EN);
    assert_non_null(strstr(text, "WCP-1  Sequence\n"));
    assert_non_null(strstr(text, "WCP-43 Explicit Termination\n"));
    assert_true(strstr(text, "does without") < strstr(text, "WCP-22 Recursion"));
    bl_arena_free(&made);
}

int main(void)
{
    struct CMUnitTest tests[256] = {
        cmocka_unit_test(reading_stops_at_the_command),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(commands_are_found),
        cmocka_unit_test(topics_are_said_in_both_languages),
        cmocka_unit_test(every_key_is_explained),
        cmocka_unit_test(the_patterns_are_listed),
    };
    size_t count = 6;

    for (size_t i = 0; i < BL_COUNT(options_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = options_cases[i].expected,
                                              .test_func = options_are_read,
                                              .initial_state = (void *)&options_cases[i] };
    }
    for (size_t i = 0; i < command_count; i++) {
        tests[count++] = (struct CMUnitTest){ .name = commands[i]->name,
                                              .test_func = every_row_is_whole,
                                              .initial_state = (void *)commands[i] };
    }
    return _cmocka_run_group_tests("test_cli_options", tests, count, NULL, NULL);
}
