/* validate.h — `workflow validate` and `calendar check`: everything wrong with files, at once. */
#pragma once

#include "cli/folder.h"

/* Runs the command over its arguments. */
int validate_run(struct cli *cli);

/* Loads one definition file with all that it may refer to beside it.
 *   definition  the caller's, to be freed; unchanged on an error, whose problems were printed */
MUST_CHECK enum bl_err validate_load(struct cli *cli, const char *path,
                                     struct definition **definition, struct bl_error *e);
