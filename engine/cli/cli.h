/* cli.h — binglian(1): the command line, for people and scripts.
 * `cli/` turns words into commands and queries of the client library, and answers into tables,
 * JSON, YAML or CSV. It decides nothing and knows no store format and no socket. One table of
 * commands (commands.c) drives parsing, help, completion and the manual page: a new command is one
 * file, or a place in one, and one row.
 *
 * Data goes to stdout, talk to stderr. Read next: command.h (a row of the table), output.h (the
 * five formats), connect.h (the broker). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "cli/options.h"
#include "core/sentence.h"

#define CLI_ENDED_OTHERWISE 8  // exit status of `watch --until`: it ended in another way

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_YAML, OUTPUT_CSV };

/* One call of the program. */
struct cli {
    const struct command *command;
    struct options options;
    enum language language;
    enum output_format format;
    bool color_out, color_err;
    int32_t offset_minutes;  // of the hall, east of UTC: how instants are read and shown
    bool in_zone;            // it is what the broker told
    struct bl_arena arena;   // until the program ends
};

/* Runs the program; returns its exit status. */
int cli_main(int argc, char **argv);

/* The one of the two that the caller reads; both may be formats, with the same arguments. */
const char *cli_say(const struct cli *cli, const char *zh, const char *en)
    __attribute__((format_arg(2), format_arg(3)));

/* Talks: a line on stderr. */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says what failed, on stderr, and returns the exit status that goes with it. */
int cli_fail(const struct cli *cli, const struct bl_error *e);
/* What is possible instead of what was refused, in words; in the arena. */
const char *cli_instead(struct cli *cli, const Bl__Refusal *refusal);
/* The same for what the broker refused, with all further problems. */
int cli_fail_refused(struct cli *cli, const Bl__Refusal *refusal);
/* Says that a value of an option cannot be used, by the sentence of `rule`. `e` knows more, in
 * English. */
int cli_fail_value(struct cli *cli, const char *rule, const char *given, const struct bl_error *e);
/* The command line is wrong: exit status 2. */
int cli_fail_usage(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
