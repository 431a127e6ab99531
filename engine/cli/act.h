/* act.h — commands that are one act on tasks or applications.
 * An act is a row: which command of the language it becomes, and under which names its options
 * fill it. An option fills the field of its own name (--at-most fills `at_most`), so that a new act
 * needs no code. */
#pragma once

#include "cli/command.h"

struct act {
    const char *what;       // field of Command: "decide"
    const char *preset;     // what it always says: "result=granted"; NULL: nothing
    const char *fields;     // options whose field has another name: "to=to_post part=parts"
    const char *required;   // an option without which it makes no sense; NULL: none
    const char *otherwise;  // what it is of an item, where `what` is of a notice; NULL: the same
    bool step;              // the step that TASK names is filled in too
};

/* `run` of such a command: does it to each argument, NUMBER[.item[.step]], as a request of its own.
 * One that fails does not keep the others from being done; then the exit status is 1. */
int act_run(struct cli *cli);

/* The command that an argument and the options make, in the arena; NULL after the reason was said,
 * *status is then the exit status. */
Bl__Command *act_command(struct cli *cli, const char *argument, int *status);

/* Sends one command about one application and shows its acknowledgement. */
int act_do(struct cli *cli, Bl__Command *command);

// clang-format off
/* Rows of options. */
#define ACT_TEXT_ROW(name, value, zh, en) { name, OPTION_TEXT, 0, value, { zh, en }, NULL }
#define ACT_CHOICE_ROW(name, zh, en, choices) { name, OPTION_TEXT, 0, "CHOICE", { zh, en }, choices }
#define ACT_FLAG_ROW(name, zh, en) { name, OPTION_FLAG, 0, NULL, { zh, en }, NULL }
#define ACT_NUMBER_ROW(name, zh, en) { name, OPTION_NUMBER, 0, "N", { zh, en }, NULL }
#define ACT_DRY_ROW { "dry-run", OPTION_FLAG, 0, NULL, { "只说行不行，不办理", "say whether it can be done, and do nothing" }, NULL }
#define ACT_REASON_ROW { "reason", OPTION_TEXT, 0, "TEXT|@FILE", { "理由", "the reason" }, NULL }
// clang-format on
