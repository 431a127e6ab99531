#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/grid.h"
#include "cli/help.h"
#include "core/refusal.h"

#define ARENA_BYTES_MAX ((size_t)1 << 30)
#define CHINA_OFFSET_MINUTES (8 * 60)  // until a calendar or a broker says other

const char *cli_say(const struct cli *cli, const char *zh, const char *en)
{
    return cli->language == LANGUAGE_ZH ? zh : en;
}

void cli_note(const struct cli *cli, const char *format, ...)
{
    va_list list;

    (void)cli;
    va_start(list, format);
    (void)vfprintf(stderr, format, list);
    va_end(list);
    (void)fputc('\n', stderr);
}

static const char *red(const struct cli *cli)
{
    return cli->color_err ? "\033[31m" : "";
}

static const char *plain(const struct cli *cli)
{
    return cli->color_err ? "\033[0m" : "";
}

int cli_fail(const struct cli *cli, const struct bl_error *e)
{
    const char *sentence = words_in(sentence_find("failed")->words, cli->language);
    Bl__Refusal none = BL__REFUSAL__INIT;
    struct bl_arena arena;

    bl_arena_init(&arena, 1024, 1 << 16);
    none.rule = none.code = bl_err_name(e->code);
    sentence = e->code == BL_USAGE ? "" : sentence_make(&none, cli->language, &arena);
    (void)fprintf(stderr, "%sbinglian: %s%s", red(cli), sentence, plain(cli));
    if (e->text[0] != '\0') {
        (void)fprintf(stderr, "%s", e->code == BL_USAGE ? "" : ": ");
        if (e->source[0] != '\0') {
            (void)fprintf(stderr, "%s: ", e->source);
        }
        if (e->line != 0) {
            (void)fprintf(stderr, "%u:%u: ", e->line, e->column);
        }
        (void)fprintf(stderr, "%s", e->text);
    }
    (void)fputc('\n', stderr);
    bl_arena_free(&arena);
    return bl_err_exit(e->code);
}

const char *cli_instead(struct cli *cli, const Bl__Refusal *refusal)
{
    const char *words = "";

    for (size_t i = 0; i < refusal->n_instead; i++) {
        words =
            bl_arena_printf(&cli->arena, "%s%s%s", words, i == 0 ? "" : cli_say(cli, "、", ", "),
                            sentence_word(refusal->instead[i], cli->language));
    }
    return words;
}

static const char *sentence_of(struct cli *cli, const Bl__Refusal *refusal)
{
    return grid_harmless(&cli->arena, sentence_make(refusal, cli->language, &cli->arena));
}

int cli_fail_refused(struct cli *cli, const Bl__Refusal *refusal)
{
    cli_note(cli, "%sbinglian: %s%s [%s]", red(cli), sentence_of(cli, refusal), plain(cli),
             refusal->code);
    for (size_t i = 0; i < refusal->n_others; i++) {
        cli_note(cli, "%sbinglian: %s%s [%s]", red(cli), sentence_of(cli, refusal->others[i]),
                 plain(cli), refusal->others[i]->code);
    }
    if (refusal->n_instead > 0) {
        cli_note(cli, cli_say(cli, "现在可以：%s", "possible now: %s"), cli_instead(cli, refusal));
    }
    return bl_err_exit(bl_err_from_name(refusal->code));
}

int cli_fail_value(struct cli *cli, const char *rule, const char *given, const struct bl_error *e)
{
    Bl__Refusal *refusal = refusal_new(&cli->arena, e->code, rule, given);

    refusal_argument(&cli->arena, refusal, "problem", e->text);
    cli_note(cli, "%sbinglian: %s%s", red(cli), sentence_make(refusal, cli->language, &cli->arena),
             plain(cli));
    return bl_err_exit(e->code);
}

int cli_fail_usage(const struct cli *cli, const char *format, ...)
{
    va_list list;

    (void)fputs("binglian: ", stderr);
    va_start(list, format);
    (void)vfprintf(stderr, format, list);
    va_end(list);
    (void)fputc('\n', stderr);
    if (cli->command != NULL) {
        cli_note(cli,
                 cli_say(cli, "用法：binglian %s%s%s（详见 binglian help %s）",
                         "usage: binglian %s%s%s (more: binglian help %s)"),
                 cli->command->name, cli->command->arguments[0] != '\0' ? " " : "",
                 cli->command->arguments, cli->command->name);
    }
    return bl_err_exit(BL_USAGE);
}

/* Chinese unless the environment asks for English. */
static enum language language_of_environment(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

    for (size_t i = 0; i < BL_COUNT(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL && value[0] != '\0') {
            return strncmp(value, "en", 2) == 0 ? LANGUAGE_EN : LANGUAGE_ZH;
        }
    }
    return LANGUAGE_ZH;
}

/* What the options of all commands say. */
static void settle(struct cli *cli)
{
    const char *language = option_text(&cli->options, "lang");
    const char *format = option_text(&cli->options, "output");
    const char *no_color = getenv("NO_COLOR");
    bool color =
        !option_flag(&cli->options, "no-color") && (no_color == NULL || no_color[0] == '\0');

    if (language != NULL) {
        cli->language = strcmp(language, "en") == 0 ? LANGUAGE_EN : LANGUAGE_ZH;
    }
    if (format != NULL) {
        cli->format = (enum output_format)option_choice(OUTPUT_CHOICES, format);
    }
    cli->color_out = color && isatty(STDOUT_FILENO) != 0;
    cli->color_err = color && isatty(STDERR_FILENO) != 0;
}

static int unknown_command(const struct cli *cli, const char *word)
{
    const char *near = command_nearest(word);

    if (near == NULL) {
        return cli_fail_usage(cli,
                              cli_say(cli, "没有命令 %s；全部命令见 binglian help",
                                      "unknown command %s; all of them: binglian help"),
                              word);
    }
    return cli_fail_usage(
        cli, cli_say(cli, "没有命令 %s；是不是 %s？", "unknown command %s; did you mean %s?"), word,
        near);
}

static int fail_options(struct cli *cli, const Bl__Refusal *refusal)
{
    return cli_fail_usage(cli, "%s", sentence_make(refusal, cli->language, &cli->arena));
}

/* Reads options and arguments of the command that was found. */
static int run_command(struct cli *cli, char *const *words)
{
    const struct option_table tables[] = {
        { cli->command->options, cli->command->option_count },
        { help_common_options, help_common_option_count },
    };
    Bl__Refusal *refusal = NULL;
    size_t used;
    enum bl_err err = options_read(&cli->options, words, true, tables, BL_COUNT(tables), &used,
                                   &cli->arena, &refusal);

    settle(cli);
    if (err != BL_OK) {
        return fail_options(cli, refusal);
    }
    if (option_flag(&cli->options, "help")) {
        help_command(cli, cli->command);
        return 0;
    }
    if (cli->options.argument_count < cli->command->arguments_min) {
        return cli_fail_usage(cli, cli_say(cli, "缺少参数：%s", "missing: %s"),
                              cli->command->arguments);
    }
    if (cli->options.argument_count > cli->command->arguments_max) {
        return cli_fail_usage(cli, cli_say(cli, "多余的参数：%s", "too much: %s"),
                              cli->options.arguments[cli->command->arguments_max]);
    }
    return cli->command->run(cli);
}

static int run(struct cli *cli, char *const *words)
{
    const struct option_table common = { help_common_options, help_common_option_count };
    Bl__Refusal *refusal = NULL;
    size_t used, count = 0;
    enum bl_err err =
        options_read(&cli->options, words, false, &common, 1, &used, &cli->arena, &refusal);

    settle(cli);
    if (err != BL_OK) {
        return fail_options(cli, refusal);
    }
    words += used;
    if (words[0] == NULL || option_flag(&cli->options, "help")) {
        help_overview(cli);
        return words[0] == NULL && !option_flag(&cli->options, "help") ? bl_err_exit(BL_USAGE) : 0;
    }
    while (words[count] != NULL) {
        count++;
    }
    cli->command = command_find(words, count, &used);
    if (cli->command == NULL && command_is_group(words[0])) {
        help_group(cli, words[0]);
        return count > 1 && words[1][0] == '-' ? 0 : bl_err_exit(BL_USAGE);
    }
    return cli->command == NULL ? unknown_command(cli, words[0]) : run_command(cli, words + used);
}

int cli_main(int argc, char **argv)
{
    struct cli cli = {
        .language = language_of_environment(),
        .offset_minutes = CHINA_OFFSET_MINUTES,
    };
    int status;

    bl_arena_init(&cli.arena, (size_t)64 << 10, ARENA_BYTES_MAX);
    status = run(&cli, argc > 0 ? argv + 1 : argv);
    if (fflush(stdout) != 0 && status == 0) {
        status = bl_err_exit(BL_IO);
    }
    bl_arena_free(&cli.arena);
    return status;
}
