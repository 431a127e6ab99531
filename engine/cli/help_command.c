/* What the program says about itself: binglian help, version, completion. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <zmq.h>

#include "cli/command.h"
#include "cli/completion.h"
#include "cli/help.h"
#include "cli/output.h"
#include "definition/definition.h"
#include "wire/frame.h"

#define TOPIC_BYTES_MAX 128

/* --- help ------------------------------------------------------------------------------------- */

static bool explain_topic(struct cli *cli, const char *name)
{
    for (size_t i = 0; i < topic_count; i++) {
        if (strcmp(topics[i].name, name) == 0) {
            (void)printf("%s\n\n%s\n", words_in(topics[i].title, cli->language),
                         topic_text(cli, &topics[i]));
            return true;
        }
    }
    return false;
}

/* A group of commands may be a topic too, as workflow is. */
static void explain_group(struct cli *cli, const char *name)
{
    help_group(cli, name);
    for (size_t i = 0; i < topic_count; i++) {
        if (strcmp(topics[i].name, name) == 0) {
            (void)putchar('\n');
            (void)explain_topic(cli, name);
        }
    }
}

/* A code of a definition's problem, or of a refusal. */
static bool explain_code(const struct cli *cli, const char *name)
{
    const struct definition_code *code = definition_code_find(name);
    const struct sentence *sentence = sentence_find(name);

    if (code != NULL) {
        (void)printf("%s  %s\n", code->code, cli_say(cli, code->zh, code->en));
    } else if (sentence != NULL) {
        (void)printf("%s  %s\n", sentence->rule, words_in(sentence->words, cli->language));
    }
    return code != NULL || sentence != NULL;
}

static void list_codes(const struct cli *cli)
{
    size_t count;
    const struct definition_code *codes = definition_codes(&count);

    for (size_t i = 0; i < count; i++) {
        (void)printf("%-14s %s\n", codes[i].code, cli_say(cli, codes[i].zh, codes[i].en));
    }
    const struct sentence *all = sentences(&count);
    for (size_t i = 0; i < count; i++) {
        (void)printf("%-24s %s\n", all[i].rule, words_in(all[i].words, cli->language));
    }
}

static int explain(struct cli *cli, const char *name)
{
    char *const *words = cli->options.arguments;
    size_t used;
    const struct command *command = command_find(words, cli->options.argument_count, &used);

    if (command != NULL && used == cli->options.argument_count) {
        help_command(cli, command);
    } else if (cli->options.argument_count == 1 && command_is_group(name)) {
        explain_group(cli, name);
    } else if (strcmp(name, "codes") == 0) {
        list_codes(cli);
    } else if (!explain_topic(cli, name) && !explain_code(cli, name)) {
        cli_note(cli,
                 cli_say(cli, "没有这个专题：%s；全部专题见 binglian help",
                         "no such topic: %s; all of them: binglian help"),
                 name);
        return bl_err_exit(BL_NOT_FOUND);
    }
    return 0;
}

static int run_help(struct cli *cli)
{
    if (option_flag(&cli->options, "man")) {
        help_manual(cli);
        return 0;
    }
    if (cli->options.argument_count == 0) {
        help_overview(cli);
        return 0;
    }
    return explain(cli, cli->options.arguments[0]);
}

/* --- version ---------------------------------------------------------------------------------- */

static void print_version(struct cli *cli, const json_t *value)
{
    (void)cli;
    (void)printf("binglian %s\n", output_text(value, "version"));
}

static int run_version(struct cli *cli)
{
    int major, minor, patch;

    zmq_version(&major, &minor, &patch);
    const char *zmq = bl_arena_printf(&cli->arena, "%d.%d.%d", major, minor, patch);
    return output_value(cli,
                        json_pack("{s:s, s:i, s:s}", "version", BINGLIAN_VERSION, "protocol",
                                  WIRE_PROTOCOL, "zeromq", zmq),
                        print_version);
}

/* --- completion ------------------------------------------------------------------------------- */

static int run_completion(struct cli *cli)
{
    if (option_choice("bash|zsh|fish", cli->options.arguments[0]) < 0) {
        return cli_fail_usage(cli, "%s", "bash|zsh|fish");
    }
    completion_print(cli, cli->options.arguments[0]);
    return 0;
}

// clang-format off
static const struct option_row help_options[] = {
    { "man", OPTION_FLAG, 0, NULL, { "输出手册页", "write the manual page" }, NULL },
};

const struct command command_help = {
    .name = "help", .arguments = "[COMMAND|TOPIC|CODE]", .arguments_max = 2, .section = SECTION_TOOLS,
    .summary = { "命令、专题和错误代码的说明", "commands, topics and error codes explained" },
    COMMAND_OPTIONS(help_options),
    .examples = "help workflow validate\nhelp durations\nhelp E-DURATION\nhelp form-required\nhelp codes\nhelp --man | man -l -",
    .run = run_help,
};

const struct command command_version = {
    .name = "version", .arguments = "", .section = SECTION_TOOLS,
    .summary = { "版本", "the version" },
    .examples = "version -o json",
    .run = run_version,
};

const struct command command_completion = {
    .name = "completion", .arguments = "bash|zsh|fish", .arguments_min = 1, .arguments_max = 1, .section = SECTION_TOOLS,
    .summary = { "命令补全脚本", "a script that completes commands in a shell" },
    .examples = "completion bash > /etc/bash_completion.d/binglian\ncompletion fish | source",
    .run = run_completion,
};
// clang-format on
