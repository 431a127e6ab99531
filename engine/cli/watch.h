/* watch.h — what happens, as it happens. */
#pragma once

#include "cli/cli.h"
#include "client/client.h"

/* Shows one application until it is in a state ("completed"; NULL: for ever). On a terminal the
 * tree is drawn again at each event, else each event is a line.
 *   returns  0; CLI_ENDED_OTHERWISE if it ended in another state; or why it failed */
int watch_until(struct cli *cli, struct bl_client *client, const char *number, const char *until);
