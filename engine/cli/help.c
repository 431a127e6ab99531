#include "cli/help.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/grid.h"

// clang-format off
const struct option_row help_common_options[] = {
    { "output", OPTION_TEXT, 'o', "FORMAT", { "输出格式", "how the answer is written" }, OUTPUT_CHOICES },
    { "connect", OPTION_TEXT, 0, "ENDPOINT", { "服务地址，默认取 BINGLIAN_CONNECT", "the broker; default BINGLIAN_CONNECT" }, NULL },
    { "data", OPTION_TEXT, 0, "DIR", { "本机服务的数据目录，从中得知地址", "data folder of a broker on this machine, which knows its address" }, NULL },
    { "identity", OPTION_TEXT, 0, "FILE", { "密钥文件，默认取 BINGLIAN_IDENTITY", "key file; default BINGLIAN_IDENTITY" }, NULL },
    { "as", OPTION_TEXT, 0, "NAME", { "对 --plain 的服务自称", "whom to claim to be where the broker runs --plain" }, NULL },
    { "timeout", OPTION_NUMBER, 0, "SECONDS", { "等待答复的时间，默认 10 秒", "how long to wait for an answer; default 10" }, NULL },
    { "lang", OPTION_TEXT, 0, "LANGUAGE", { "语言，默认取 LANG", "language; default LANG" }, "zh|en" },
    { "no-color", OPTION_FLAG, 0, NULL, { "不用颜色，NO_COLOR 亦可", "no colours, as NO_COLOR" }, NULL },
    { "help", OPTION_FLAG, 'h', NULL, { "帮助", "this help" }, NULL },
};
const size_t help_common_option_count = BL_COUNT(help_common_options);

static const struct words section_titles[] = {
    [SECTION_APPLICATIONS] = { "办件", "Applications" },
    [SECTION_WORK]         = { "待办", "Work" },
    [SECTION_TASKS]        = { "处置", "Interventions" },
    [SECTION_DEFINITIONS]  = { "流程与日历", "Workflows and calendars" },
    [SECTION_HALL]         = { "大厅", "The hall" },
    [SECTION_TOOLS]        = { "工具", "Tools" },
};
// clang-format on

static void heading(const struct cli *cli, const char *text)
{
    (void)printf("\n%s%s%s\n", colour_begin(COLOUR_BOLD, cli->color_out), text,
                 colour_end(COLOUR_BOLD, cli->color_out));
}

/* Two columns, the first indented. */
struct list {
    struct grid grid;
    struct bl_arena arena;
};

static void list_init(struct list *list)
{
    bl_arena_init(&list->arena, 4096, 1 << 20);
    grid_init(&list->grid, &list->arena, 2);
}

static void list_add(struct list *list, const char *left, const char *right)
{
    grid_add(&list->grid, COLOUR_NONE, bl_arena_printf(&list->arena, "  %s", left));
    grid_add(&list->grid, COLOUR_NONE, right);
}

static void list_end(struct list *list)
{
    grid_print(&list->grid, stdout, false);
    bl_arena_free(&list->arena);
}

static void add_command(const struct cli *cli, struct list *list, const struct command *command)
{
    list_add(list,
             bl_arena_printf(&list->arena, "%s%s%s", command->name,
                             command->arguments[0] != '\0' ? " " : "", command->arguments),
             words_in(command->summary, cli->language));
}

static const char *option_words(struct bl_arena *arena, const struct option_row *row)
{
    const char *value = row->choices != NULL ? row->choices : row->value;
    const char *name = bl_arena_printf(arena, "--%s%s%s", row->name, value != NULL ? " " : "",
                                       value != NULL ? value : "");

    return row->letter == 0 ? name : bl_arena_printf(arena, "-%c, %s", row->letter, name);
}

static void add_options(const struct cli *cli, struct list *list, const struct option_row *rows,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list_add(list, option_words(&list->arena, &rows[i]), words_in(rows[i].help, cli->language));
    }
}

static void print_topics(const struct cli *cli)
{
    struct list list;

    heading(cli, cli_say(cli, "专题（binglian help 专题）", "Topics (binglian help TOPIC)"));
    list_init(&list);
    for (size_t i = 0; i < topic_count; i++) {
        list_add(&list, topics[i].name, words_in(topics[i].title, cli->language));
    }
    list_add(&list, "E-…",
             cli_say(cli, "定义文件的错误代码，如 help E-DURATION",
                     "codes of definition errors, such as help E-DURATION"));
    list_end(&list);
}

void help_overview(const struct cli *cli)
{
    (void)printf("%s\n", cli_say(cli, "binglian：并联审批。一表申请，各部门同时办理。",
                                 "binglian: one form in, departments approve side by side."));
    (void)printf("%s\n", cli_say(cli, "用法：binglian 命令 [选项] [参数]",
                                 "usage: binglian COMMAND [OPTIONS] [ARGUMENTS]"));
    for (size_t section = 0; section < BL_COUNT(section_titles); section++) {
        struct list list;

        heading(cli, words_in(section_titles[section], cli->language));
        list_init(&list);
        for (size_t i = 0; i < command_count; i++) {
            if (commands[i]->section == section) {
                add_command(cli, &list, commands[i]);
            }
        }
        list_end(&list);
    }
    heading(cli, cli_say(cli, "所有命令的选项", "Options of every command"));
    struct list list;
    list_init(&list);
    add_options(cli, &list, help_common_options, help_common_option_count);
    list_end(&list);
    print_topics(cli);
}

void help_group(const struct cli *cli, const char *group)
{
    struct list list;
    size_t length = strlen(group);

    list_init(&list);
    for (size_t i = 0; i < command_count; i++) {
        if (strncmp(commands[i]->name, group, length) == 0 && commands[i]->name[length] == ' ') {
            add_command(cli, &list, commands[i]);
        }
    }
    (void)printf("%s\n", cli_say(cli, "用法：", "usage:"));
    list_end(&list);
}

static void print_examples(const struct cli *cli, const char *examples)
{
    heading(cli, cli_say(cli, "示例", "Examples"));
    while (*examples != '\0') {
        size_t length = strcspn(examples, "\n");

        (void)printf("  binglian %.*s\n", (int)length, examples);
        examples += length + (examples[length] == '\n');
    }
}

void help_command(const struct cli *cli, const struct command *command)
{
    struct list list;

    (void)printf("%s\n", words_in(command->summary, cli->language));
    (void)printf("%sbinglian %s %s\n", cli_say(cli, "用法：", "usage: "), command->name,
                 command->arguments);
    if (command->details.zh != NULL) {
        (void)printf("\n%s\n", words_in(command->details, cli->language));
    }
    heading(cli, cli_say(cli, "选项", "Options"));
    list_init(&list);
    add_options(cli, &list, command->options, command->option_count);
    add_options(cli, &list, help_common_options, help_common_option_count);
    list_end(&list);
    if (command->examples != NULL) {
        print_examples(cli, command->examples);
    }
}

/* --- the manual page ---------------------------------------------------------------------------
 */

/* roff takes '.' and '\'' at the beginning of a line, and '\\' and '-' anywhere, for its own. */
static void put_roff(const char *text)
{
    bool begins = true;

    for (; *text != '\0'; text++) {
        if (begins && (*text == '.' || *text == '\'')) {
            (void)fputs("\\&", stdout);
        }
        if (*text == '\\' || *text == '-') {
            (void)fputs(*text == '\\' ? "\\e" : "\\-", stdout);
        } else {
            (void)fputc(*text, stdout);
        }
        begins = *text == '\n';
    }
}

static void put_macro(const char *macro, const char *text)
{
    (void)printf(".%s ", macro);
    put_roff(text);
    (void)fputc('\n', stdout);
}

static void put_text(const char *text)
{
    put_roff(text);
    (void)fputc('\n', stdout);
}

static void put_options(const struct cli *cli, const struct option_row *rows, size_t count)
{
    struct bl_arena arena;

    bl_arena_init(&arena, 4096, 1 << 20);
    for (size_t i = 0; i < count; i++) {
        (void)puts(".TP");
        put_text(option_words(&arena, &rows[i]));
        put_text(words_in(rows[i].help, cli->language));
    }
    bl_arena_free(&arena);
}

static void put_command(const struct cli *cli, const struct command *command)
{
    char usage[256];

    (void)snprintf(usage, sizeof usage, "%s %s", command->name, command->arguments);
    put_macro("SS", usage);
    put_text(words_in(command->summary, cli->language));
    if (command->details.zh != NULL) {
        (void)puts(".PP");
        put_text(words_in(command->details, cli->language));
    }
    put_options(cli, command->options, command->option_count);
    if (command->examples != NULL) {
        (void)puts(".PP\n.nf");
        put_text(command->examples);
        (void)puts(".fi");
    }
}

void help_manual(struct cli *cli)
{
    (void)puts(".TH BINGLIAN 1 \"\" \"binglian " BINGLIAN_VERSION "\"");
    put_macro("SH", cli_say(cli, "名称", "NAME"));
    put_text(cli_say(cli, "binglian - 并联审批的命令行",
                     "binglian - parallel approval, from the command line"));
    put_macro("SH", cli_say(cli, "用法", "SYNOPSIS"));
    put_text(cli_say(cli, "binglian 命令 [选项] [参数]", "binglian COMMAND [OPTIONS] [ARGUMENTS]"));
    put_macro("SH", cli_say(cli, "选项", "OPTIONS"));
    put_options(cli, help_common_options, help_common_option_count);
    for (size_t section = 0; section < BL_COUNT(section_titles); section++) {
        put_macro("SH", words_in(section_titles[section], cli->language));
        for (size_t i = 0; i < command_count; i++) {
            if (commands[i]->section == section) {
                put_command(cli, commands[i]);
            }
        }
    }
    for (size_t i = 0; i < topic_count; i++) {
        put_macro("SH", words_in(topics[i].title, cli->language));
        (void)puts(".nf");
        put_text(topic_text(cli, &topics[i]));
        (void)puts(".fi");
    }
}
