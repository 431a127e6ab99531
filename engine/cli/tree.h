/* tree.h — an application as people see it: its lights, its clocks, a branch for each department.
 */
#pragma once

#include <stdio.h>

#include "cli/output.h"

/* Prints an ApplicationView; returns how many lines it took. */
uint32_t tree_print(struct cli *cli, const json_t *application, FILE *out);

/* Of that, what stands around the items and the whole: clocks, stops, steps, opinions, urgings, and
 * what happens next. */
uint32_t tree_print_course(struct cli *cli, const json_t *application, FILE *out);
/* What happens next and who has to act, in one sentence: "消防救援大队须决定是否受理消防安全检查，
 * 最迟 2026-12-07 17:30"; "" where nothing does. In the arena. */
const char *tree_next(struct cli *cli, const json_t *application);

/* The title of an item; its id stands for it where the application does not have it. */
const char *tree_item_title(struct cli *cli, const json_t *application, const char *id);

/* What an EventView says, in words: "消防安全检查 准予". `application` gives the titles of items;
 * NULL: their ids stand for them. In the arena. */
const char *tree_event(struct cli *cli, const json_t *event, const json_t *application);
/* The line of an event: time, number of the event, words; `numbered`: with the application's. */
void tree_print_event(struct cli *cli, const json_t *event, const json_t *application,
                      bool numbered, FILE *out);
