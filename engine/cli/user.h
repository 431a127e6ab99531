/* user.h — what other commands need of accounts. */
#pragma once

#include "cli/cli.h"

/* A password that nobody has to think of; in the program's arena. */
const char *user_password(struct cli *cli);
