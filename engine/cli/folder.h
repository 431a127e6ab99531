/* folder.h — files: one read whole, and a folder of definitions with its departments and calendars.
 *   workflows/restaurant.yaml …   workflows/departments.yaml   workflows/calendars/cn.yaml … */
#pragma once

#include "cli/cli.h"
#include "deadline/calendar.h"
#include "definition/definition.h"
#include "schema/problem.h"

#define FILE_BYTES_MAX ((size_t)8 << 20)  // of one file that is read whole
#define FOLDER_CALENDARS_MAX 64

/* Reads a file, or stdin for "-", into the program's arena.
 *   errors  BL_NOT_FOUND, BL_IO, BL_TOO_LARGE */
MUST_CHECK enum bl_err file_read(struct cli *cli, const char *path, struct bl_text *text,
                                 struct bl_error *e);

/* A calendar file of a folder, as far as it could be read. */
struct folder_calendar {
    const char *path;
    struct bl_text source;
    const Bl__Calendar *layer;  // NULL where it is no calendar
    const struct yaml_document *document;
};

struct folder {
    const char *path;
    const Bl__DepartmentsFile *departments;  // NULL: there is none
    struct folder_calendar calendars[FOLDER_CALENDARS_MAX];
    size_t calendar_count;
};

/* The folder of definitions: --workflows, BINGLIAN_WORKFLOWS, that of `beside` (a file; may be
 * NULL), ./workflows, or what is installed. NULL if there is none. */
const char *folder_find(struct cli *cli, const char *beside);

/* Reads departments and calendars of a folder; `path` NULL is an empty one. What is wrong with them
 * is added to the problems; they may be NULL. */
void folder_read(struct cli *cli, const char *path, struct folder *folder,
                 struct schema_problems *problems);

/* The calendar of that name, without what it stands on; NULL: the folder has none. */
const Bl__Calendar *folder_layer(const struct folder *folder, const char *name);
/* Adds a calendar as its file would be, if it is one and there is room; `path` is for positions. */
void folder_add_calendar(struct cli *cli, struct folder *folder, const char *path,
                         struct bl_text source);

/* What definitions of this folder may refer to; lives as long as the folder. */
struct definition_context folder_context(struct cli *cli, const struct folder *folder);

/* Makes the calendar of that name from its layers; the caller frees it. BL_NOT_FOUND,
 * BL_DEFINITION. */
MUST_CHECK enum bl_err folder_calendar(const struct folder *folder, const char *name,
                                       struct calendar **calendar, struct bl_error *e);

/* Adds what is wrong with a calendar file, its layers included; a calendar of the folder may stand
 * below it. */
void folder_check_calendar(struct cli *cli, const struct folder *folder, const char *path,
                           struct bl_text source, struct schema_problems *problems);
