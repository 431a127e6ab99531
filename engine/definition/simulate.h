/* simulate.h — tries a workflow out against dates, before anybody files an application.
 * It plays one application in which every item that applies is granted at the last moment of what
 * it promises, with the same calendar, clocks, conditions and joins as the engine: when each item
 * starts and is due, by how much it may be later, which ones decide the end, and whether the whole
 * keeps its promise. Assumptions play the same case otherwise. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/language.h"
#include "deadline/calendar.h"
#include "definition/definition.h"
#include "definition/form.h"

#define SIMULATE_SLACK_MAX                                                                         \
    1000  // working days; who may be later than that may be as late as he likes

/* What one asks "what if" of. */
struct simulate_assumption {
    enum simulate_assumption_kind {
        ASSUME_ITEM_TAKES,       // an item takes `limit` in place of its promise
        ASSUME_SPECIAL_USED,     // every item that may, uses a special procedure to its full cap
        ASSUME_DEPARTMENT_LATE,  // each item of a department ends `days` working days late
        ASSUME_COMMITTED,        // an item is granted at once on the applicant's written promise
    } kind;
    uint32_t index;          // of the item or special procedure
    const char *department;  // borrowed
    struct limit limit;
    int32_t days;
};

struct simulate_question {
    const struct definition *definition;
    const struct calendar *calendar;
    bl_time accepted;                 // moved into office hours, where the workflow counts by them
    bool dates_only;                  // slack and critical items are not asked for: much faster
    const struct form_value *values;  // as simulate_form gives them
    const struct simulate_assumption *assumptions;
    size_t assumption_count;
};

struct simulate_item {
    enum simulate_state {
        SIMULATE_RUNS,
        SIMULATE_NOT_NEEDED,  // its condition is false
        SIMULATE_BLOCKED,     // its needs can never be met with these answers
    } state;
    bl_time start, due;  // not running: both the moment at which that is certain
    bl_time legal;       // BL_NEVER: the file gives no legal limit; of an upward item above
    bl_time passed_up;   // the end of its first leg; 0: it is decided here
    int32_t slack;       // working days it may be later; negative: must be earlier for the promise
    int32_t paused;      // working days its clock stands, under the assumptions
    bool critical;       // a day later here is a day later for the whole
};

struct simulation {
    struct simulate_question question;  // `accepted` as it was moved
    struct simulate_item *items;        // by index
    bl_time promise, legal;             // of the whole; legal BL_NEVER: the file gives none
    bl_time finish;                     // BL_NEVER: with these answers the whole cannot be granted
    int32_t margin;    // working days from the finish to the promise; negative: late
    int32_t paused;    // working days the clock of the whole stands
    bool provisional;  // a holiday notice that is not out yet may move dates
};

/* Plays one application.
 *   arena    gets the result, and what conditions take
 *   returns  BL_OK, or BL_INVALID (BL_TOO_LARGE) when a condition errs on this form; `e` names the
 *            item as its source */
MUST_CHECK enum bl_err simulate(const struct simulate_question *question, struct bl_arena *arena,
                                struct simulation *simulation, struct bl_error *e);

/* Makes a form of "name=value" settings. Choices are separated by commas, yes and no are yes|no,
 * true|false or 是|否, and a table takes the number of its rows. What is not set is absent: a
 * missing answer is no error here, a wrong one is.
 *   today    the date on which the form would be received
 *   values   definition->field_count views, borrowing the arena
 *   returns  BL_OK, or BL_INVALID with what is wrong; `e` has the setting or field as its source */
MUST_CHECK enum bl_err simulate_form(const struct definition *definition,
                                     const char *const *settings, size_t count, bl_day today,
                                     struct bl_arena *arena, struct form_value *values,
                                     struct bl_error *e);

/* Reads "ITEM=3 working days", "ITEM=commit", "SPECIAL" or "DEPARTMENT+3" (working days late).
 * BL_INVALID with a text that says what to write. */
MUST_CHECK enum bl_err simulate_assume(const struct definition *definition, const char *text,
                                       struct bl_arena *arena,
                                       struct simulate_assumption *assumption, struct bl_error *e);

/* Prints the table: the whole, a line for each item with a bar, the end, and what one should know
 * of the items that run: second legs, opinions, visits, what may stop a clock, days that are waited
 * for, grants on a written promise. */
void simulate_print(FILE *out, const struct simulation *simulation, enum language language);
/* Prints one line for a simulation under assumptions. */
void simulate_print_what_if(FILE *out, const struct simulation *simulation, enum language language);
