/* pages.h — the files of the pages, as engine/web/build.mjs made them: one page, one script, one
 * style sheet. They are read once, at the start; no request names a path on the disk. */
#pragma once

#include "base/error.h"

struct pages;

/* Reads the folder; without one, `/` says that the pages were not built.
 *   folder  "": web/ or share/binglian/web/ beside the program's own folder, if there
 *   errors  BL_NOT_FOUND, BL_INVALID: a folder was named and has no pages */
enum bl_err pages_load(const char *folder, struct pages **pages, struct bl_error *e);
void pages_free(struct pages **pages);
