/* publish.h — `workflow publish` and `calendar publish`: files to the broker, in the order in which
 * they need each other. */
#pragma once

#include "cli/cli.h"

/* Runs the command over its arguments. */
int publish_run(struct cli *cli);
