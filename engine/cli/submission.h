/* submission.h — from the file of `binglian submit` to the command that it stands for. */
#pragma once

#include "cli/folder.h"

/* Reads YAML or JSON and makes the command; all in the program's arena.
 *   returns  0, or the exit status after all problems were printed */
int submission_read(struct cli *cli, const char *path, Bl__Command *command);

/* The Submit of a form that is encoded already; `form` and `materials` are borrowed. */
Bl__Submit *submission_make(struct bl_arena *arena, const char *workflow, uint32_t version,
                            Bl__Applicant *applicant, ProtobufCBinaryData form,
                            Bl__Material **materials, size_t material_count);
