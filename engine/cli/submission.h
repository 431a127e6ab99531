/* submission.h — from the file of `binglian submit` to the command that it stands for. */
#pragma once

#include "cli/folder.h"

/* Reads YAML or JSON and makes the command; all in the program's arena.
 *   returns  0, or the exit status after all problems were printed */
int submission_read(struct cli *cli, const char *path, Bl__Command *command);

/* The Submit of a content, which is encoded; both are borrowed but for that. */
Bl__Submit *submission_make(struct bl_arena *arena, const char *workflow, uint32_t version,
                            const Bl__Content *content);

/* What an applicant hands in after the submission. */
struct addition {
    ProtobufCBinaryData form;  // fields that change
    Bl__Material **materials;
    size_t material_count;
};

/* Reads YAML or JSON with the keys `form` and `materials`; as submission_read. */
int addition_read(struct cli *cli, const char *path, struct addition *addition);
/* One material by its file, `later` or what lies on the counter; 0 or the exit status. */
int addition_paper(struct cli *cli, const char *id, const char *file, Bl__Material **made);
