/* source.h — a definition by what people call it: a file, or a workflow that is published. */
#pragma once

#include "cli/folder.h"
#include "client/client.h"

/* Reads the YAML. A name with a '/' or a '.', or of a file that is there, is a file; any other is
 * asked of the broker.
 *   version  0: the newest
 *   file     becomes the name for problems
 *   returns  0, or the exit status after the reason was said */
int source_read(struct cli *cli, const char *name, uint32_t version, struct bl_text *source,
                const char **file);
bool source_is_file(const char *name);
/* The YAML of a published workflow, calendar or list of departments. */
int source_ask(struct cli *cli, struct bl_client *client, Bl__Publication__Kind kind,
               const char *id, uint32_t version, struct bl_text *source);
/* Adds the published calendar of a published workflow to a folder that has it not, and what it
 * stands on. */
int source_calendars(struct cli *cli, struct bl_text source, const char *file,
                     struct folder *folder);

/* The workflow that it says, unchecked; NULL after its problems were printed. */
const Bl__Workflow *source_parse(struct cli *cli, struct bl_text source, const char *file);

/* Checked and compiled; the caller frees it.
 *   context  what it may refer to; NULL: names are taken as written
 *   returns  0, or the exit status after the problems were printed */
int source_compile(struct cli *cli, struct bl_text source, const char *file,
                   const struct definition_context *context, struct definition **definition);
