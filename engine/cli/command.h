/* command.h — a row of the table of commands: all that parsing, help and completion know of one. */
#pragma once

#include "cli/cli.h"

/* The parts of `binglian help`, in its order. */
enum command_section {
    SECTION_APPLICATIONS,
    SECTION_WORK,
    SECTION_TASKS,
    SECTION_DEFINITIONS,
    SECTION_HALL,
    SECTION_TOOLS,
};

struct act;

struct command {
    const char *name;       // one or two words: "submit", "workflow validate"
    const char *arguments;  // as the usage line shows them: "FILE...", or ""
    uint32_t arguments_min, arguments_max;
    enum command_section section;
    struct words summary;              // one line without a full stop
    struct words details;              // further sentences; may be NULL
    const struct option_row *options;  // besides those of all commands
    size_t option_count;
    const char *examples;  // lines as typed, without "binglian "; may be NULL
    const struct act *act;  // where it is one act on what the arguments name: act.h
    int (*run)(struct cli *cli);
};

/* All of them, in the order of the help. */
extern const struct command *const commands[];
extern const size_t command_count;

/* The command whose words `words` begin with; *used becomes how many they are. NULL if there is
 * none. */
const struct command *command_find(char *const *words, size_t count, size_t *used);
/* The known name nearest to what was typed, or NULL if none is near. */
const char *command_nearest(const char *typed);
/* Is it the first word of commands of two words? */
bool command_is_group(const char *word);

/* A command's options for the table. */
#define COMMAND_OPTIONS(rows) .options = (rows), .option_count = BL_COUNT(rows)
