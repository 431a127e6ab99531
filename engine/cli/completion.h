/* completion.h — scripts for shells, made from the table of commands. */
#pragma once

#include "cli/command.h"

/* Writes the script for "bash", "zsh" or "fish" to stdout. */
void completion_print(const struct cli *cli, const char *shell);
