#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

#include "cli/help.h"

/* --- what all shells need ----------------------------------------------------------------------
 */

static void print_names(const char *group)
{
    size_t length = strlen(group);

    for (size_t i = 0; i < command_count; i++) {
        const char *name = commands[i]->name;
        size_t first = strcspn(name, " ");
        bool is_of_group = length > 0 && first == length && strncmp(name, group, length) == 0;
        bool repeats = i > 0 && strncmp(commands[i - 1]->name, name, first) == 0 &&
                       commands[i - 1]->name[first] == ' ';

        if (length == 0 && !repeats) {
            (void)printf("%.*s ", (int)first, name);
        } else if (is_of_group && name[first] == ' ') {
            (void)printf("%s ", name + first + 1);
        }
    }
}

static void print_options(const struct option_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)printf("--%s ", rows[i].name);
    }
}

static bool takes_files(const char *arguments)
{
    return strstr(arguments, "FILE") != NULL || strstr(arguments, "DIR") != NULL;
}

/* --- bash, and zsh through bashcompinit --------------------------------------------------------
 */

/* Choices of an option's value, and whether it is a file. */
static void print_bash_values(const struct option_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].choices != NULL) {
            (void)printf("    *\" --%s\") words=\"", rows[i].name);
            for (const char *at = rows[i].choices; *at != '\0'; at++) {
                (void)fputc(*at == '|' ? ' ' : *at, stdout);
            }
            (void)puts("\" ;;");
        } else if (rows[i].value != NULL && takes_files(rows[i].value)) {
            (void)printf("    *\" --%s\") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n",
                         rows[i].name);
        }
    }
}

static void print_bash(void)
{
    (void)puts("# binglian: eval \"$(binglian completion bash)\"\n_binglian() {\n"
               "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" words=''\n"
               "  local line=\" ${COMP_WORDS[1]} ${COMP_WORDS[2]}\" prev=\" "
               "${COMP_WORDS[COMP_CWORD-1]}\"\n"
               "  case \"$line$prev\" in");
    for (size_t i = 0; i < command_count; i++) {
        print_bash_values(commands[i]->options, commands[i]->option_count);
    }
    print_bash_values(help_common_options, help_common_option_count);
    (void)puts("    *) case \"$line \" in");
    for (size_t i = 0; i < command_count; i++) {
        (void)printf("      \" %s \"*) [[ \"$cur\" == -* ]] && words=\"", commands[i]->name);
        print_options(commands[i]->options, commands[i]->option_count);
        print_options(help_common_options, help_common_option_count);
        (void)printf("\" || %s ;;\n", takes_files(commands[i]->arguments)
                                          ? "COMPREPLY=($(compgen -f -- \"$cur\"))"
                                          : "words=''");
    }
    for (size_t i = 0; i < command_count; i++) {
        size_t first = strcspn(commands[i]->name, " ");
        bool repeats = i > 0 && strncmp(commands[i - 1]->name, commands[i]->name, first + 1) == 0;

        if (commands[i]->name[first] == ' ' && !repeats) {
            char group[32];

            (void)snprintf(group, sizeof group, "%.*s", (int)first, commands[i]->name);
            (void)printf("      \" %s \"*) words=\"", group);
            print_names(group);
            (void)puts("\" ;;");
        }
    }
    (void)printf("      *) words=\"");
    print_names("");
    (void)puts("\" ;;\n    esac ;;\n  esac\n"
               "  [ -n \"$words\" ] && COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
               "complete -F _binglian binglian");
}

/* --- fish ---------------------------------------------------------------------------------------
 */

/* A text within single quotes. */
static void print_quoted(const char *text)
{
    (void)fputc('\'', stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            (void)fputc('\\', stdout);
        }
        (void)fputc(*text, stdout);
    }
    (void)fputc('\'', stdout);
}

static void print_fish_options(const struct cli *cli, const char *condition,
                               const struct option_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)printf("complete -c binglian %s -l %s", condition, rows[i].name);
        if (rows[i].letter != 0) {
            (void)printf(" -s %c", rows[i].letter);
        }
        if (rows[i].kind != OPTION_FLAG) {
            bool files = rows[i].choices == NULL && takes_files(rows[i].value);

            (void)printf(files ? " -rF" : " -x");
        }
        if (rows[i].choices != NULL) {
            (void)printf(" -a \"");
            for (const char *at = rows[i].choices; *at != '\0'; at++) {
                (void)fputc(*at == '|' ? ' ' : *at, stdout);
            }
            (void)printf("\"");
        }
        (void)printf(" -d ");
        print_quoted(words_in(rows[i].help, cli->language));
        (void)fputc('\n', stdout);
    }
}

static void print_fish_command(const struct cli *cli, const struct command *command)
{
    char condition[128];
    size_t first = strcspn(command->name, " ");
    bool pair = command->name[first] == ' ';

    if (pair) {
        (void)printf("complete -c binglian -n '__fish_use_subcommand' -xa %.*s\n", (int)first,
                     command->name);
        (void)printf("complete -c binglian -n '__fish_seen_subcommand_from %.*s' -xa '%s' -d ",
                     (int)first, command->name, command->name + first + 1);
    } else {
        (void)printf("complete -c binglian -n '__fish_use_subcommand' -xa %s -d ", command->name);
    }
    print_quoted(words_in(command->summary, cli->language));
    (void)fputc('\n', stdout);
    if (pair) {
        (void)snprintf(condition, sizeof condition,
                       "-n '__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s'",
                       (int)first, command->name, command->name + first + 1);
    } else {
        (void)snprintf(condition, sizeof condition, "-n '__fish_seen_subcommand_from %s'",
                       command->name);
    }
    print_fish_options(cli, condition, command->options, command->option_count);
    if (takes_files(command->arguments)) {
        (void)printf("complete -c binglian %s -F\n", condition);
    }
}

static void print_fish(const struct cli *cli)
{
    (void)puts("# binglian: binglian completion fish | source\ncomplete -c binglian -f");
    print_fish_options(cli, "", help_common_options, help_common_option_count);
    for (size_t i = 0; i < command_count; i++) {
        print_fish_command(cli, commands[i]);
    }
}

void completion_print(const struct cli *cli, const char *shell)
{
    if (strcmp(shell, "fish") == 0) {
        print_fish(cli);
        return;
    }
    if (strcmp(shell, "zsh") == 0) {
        (void)puts("autoload -U +X compinit && compinit\n"
                   "autoload -U +X bashcompinit && bashcompinit");
    }
    print_bash();
}
