/* help.h — what the program says about itself, all of it from the table of commands and the list
 * of topics: the overview, one command, a topic, the manual page. */
#pragma once

#include "cli/command.h"

#define OUTPUT_CHOICES "table|json|jsonl|yaml|csv"  // in the order of enum output_format

/* Options of all commands. */
extern const struct option_row help_common_options[];
extern const size_t help_common_option_count;

void help_overview(const struct cli *cli);
void help_group(const struct cli *cli, const char *group);
void help_command(const struct cli *cli, const struct command *command);
/* binglian(1) as a manual page in mdoc-free man(7), which Debian's man-db shows. */
void help_manual(struct cli *cli);

/* A text on something that is not a command. */
struct topic {
    const char *name;
    struct words title, text;
    const char *(*make)(struct bl_arena *arena, enum language language);  // in place of the text
};
const char *topic_text(struct cli *cli, const struct topic *topic);
extern const struct topic topics[];
extern const size_t topic_count;
