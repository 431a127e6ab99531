/* definition.h — a workflow, checked and compiled.
 * `definition/` turns the YAML of a workflow into what the core runs: ids become indexes, limits
 * and conditions are compiled, and everything that could go wrong later is an error with a
 * position now. It reads no file and no clock: callers bring the text. Read next: load.c (YAML to
 * message), check.c (what must hold), compile.c (message to this), form.h (what applicants hand
 * in), cel.h (conditions).
 *
 * A definition is immutable, lives in one arena and is shared read-only by threads. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "binglian/v1/calendar.pb-c.h"
#include "binglian/v1/definition.pb-c.h"
#include "deadline/limit.h"
#include "definition/cel.h"

struct schema_problems;

/* Bounds of one definition: far above what a hall writes, low enough that indexes fit in a byte
 * pair and a form in a batch's arena. */
#define DEFINITION_ITEMS_MAX 200
#define DEFINITION_FIELDS_MAX 500
#define DEFINITION_MATERIALS_MAX 500
#define DEFINITION_STEPS_MAX 50  // of one item
#define DEFINITION_ID_CHARACTERS_MAX 63
#define DEFINITION_DEPARTMENT_CHARACTERS_MAX 16  // it begins the keys of its inbox
#define DEFINITION_NUMBER_BYTES_MAX 64           // of a business number, with its NUL

/* When a set of branches is settled (design: counted joins). A branch counts when it is granted or
 * tacit; a skipped one is settled and not counted; every other end counts against. */
struct definition_join {
    enum definition_join_kind {
        JOIN_ALL,         // all that were not skipped
        JOIN_ANY,         // one
        JOIN_COUNT,       // `need` of them
        JOIN_EXPRESSION,  // what `expression` says of the results, once it can no longer change
    } kind;
    uint32_t need;             // of JOIN_COUNT, at least 1 and at most branch_count
    const uint32_t *branches;  // indexes of items, ascending
    size_t branch_count;       // 0: there is nothing to wait for
    const uint32_t *veto;      // indexes of items, a subset of the branches, ascending
    size_t veto_count;
    const struct cel *expression;  // NULL unless JOIN_EXPRESSION
    enum definition_late { LATE_RECORD, LATE_HOLD, LATE_CANCEL } late;
};

/* One station of internal circulation. */
struct definition_step {
    const char *id;
    const char *role;    // "machine": the department's workers
    struct limit limit;  // halves 0: none
    uint32_t signers;    // how many have to sign; 0: all who hold the role
    bool in_order;       // one after another
    const Bl__Step *source;
};

/* What may stop a clock. */
struct definition_special {
    const char *id;
    struct limit at_most;
    bool
        stops_legal;  // of the eight kinds of 行政许可法 第四十五条, or by another law as its basis
    const Bl__Special *source;
};

/* One rung of the ladder that an overdue item climbs (domain.md 5.2). */
struct definition_rung {
    struct limit after;  // after the promise was broken; halves 0: at once
    const char *to;      // role
    struct limit reply;  // halves 0: nobody asks for an answer
    bool on_legal;       // also at once when the legal limit is broken
};

struct definition_material {
    const char *id;
    uint32_t index;
    bool essential;   // 主审要件
    bool deferrable;  // 容缺: may follow later
    const Bl__MaterialDefinition *source;
};

struct definition_field {
    const char *name;
    uint32_t index;
    uint32_t name_bytes;
    Bl__FieldDefinition__Type type;
    bool required, sensitive;
    bool has_min, has_max;
    double min, max;             // value, characters, choices or rows, by type
    const char *const *options;  // values of choice and choices
    size_t option_count;
    const struct definition_field *columns;  // of a table; their index is within the table
    size_t column_count;
    const Bl__FieldDefinition *source;
};

struct definition_item {
    const char *id;
    uint32_t index;  // its place in the file, and in an application
    const char *department;
    Bl__ItemDefinition__Kind kind;  // never UNSPECIFIED
    struct limit promise, legal;    // legal: halves 0 where the file gives none
    struct limit warn;       // how long before the end the light turns yellow; halves 0: default
    int32_t warn_days;       // the same in whole working days; 0: default
    const struct cel *when;  // NULL: always
    bool when_needs_items;   // settled when the item's needs are met, not at submission
    struct definition_join needs;  // branch_count 0: starts at once
    const uint32_t *dependents;    // items whose needs or whose `when` name this one, ascending
    size_t dependent_count;
    const uint32_t *fields;  // what the department sees, ascending
    size_t field_count;
    const uint32_t *materials;  // ascending
    size_t material_count;
    const struct definition_step *steps;
    size_t step_count;        // 0: one task for the department's workers
    const uint32_t *special;  // what may stop its clock
    size_t special_count;
    struct limit extend_at_most;  // halves 0: no extension
    Bl__Extension__Approver extend_approver;
    bool tacit;  // granted by silence; never with `safety`
    bool safety;
    const struct cel *commit_when;  // of notify_commit; NULL: everybody
    struct limit post_check;        // of notify_commit; halves 0: there is none
    bool acceptance_by_department;
    bool four_eyes;           // who decides has not worked on an earlier step
    bool issue_with_gap;      // the outcome may be issued while a deferrable material is missing
    bool ordered;             // the order of acceptance gives the rank of rights
    int32_t not_before;       // index of a date field: it does not start before that day; -1: none
    const char *visit;        // items of the same name are visited together; "": alone
    struct limit correction;  // the applicant's time to correct
    uint32_t stops_max;       // how often its clock may be stopped
    struct limit deliver;     // from the decision to the hand-over; halves 0: nothing to deliver
    bool delivers_itself;     // an electronic licence alone: delivered by its publication
    const char *upper_department;  // of an upward item; NULL: the decision falls here
    struct limit upper_promise, upper_legal;
    const Bl__ItemDefinition *source;
};

/* When a business number's sequence begins again at 1: with each value of the parts before it. */
enum definition_period { PERIOD_EVER, PERIOD_YEAR, PERIOD_MONTH, PERIOD_DAY };

struct definition_number_part {
    enum definition_number_kind {
        NUMBER_TEXT,
        NUMBER_DATE,
        NUMBER_MONTH,
        NUMBER_YEAR,
        NUMBER_SEQ
    } kind;
    struct bl_text text;  // of NUMBER_TEXT
    uint32_t width;       // of NUMBER_SEQ: at least so many digits
};

struct definition {
    const char *workflow;
    uint32_t version;
    const char *calendar;
    const char *lead;
    Bl__Workflow__Handling handling;
    struct limit promise, legal;  // legal: halves 0 where the file gives none
    bool acceptance_by_department;
    bool trial;
    struct limit extend_at_most;  // halves 0: no extension
    Bl__Extension__Approver extend_approver;
    struct definition_join join;    // of the whole; branches: every item unless the file says `of`
    bool after_hours_count;         // what is filed outside office hours counts from that moment
    struct limit notify;            // to tell once all that is missing
    struct limit correction;        // the applicant's time, where an item says nothing else
    struct limit recall;            // how long a wrong button may be taken back
    struct limit supplement;        // until a tolerated gap is closed; halves 0: none is tolerated
    Bl__Tolerance__OnLate on_late;  // never UNSPECIFIED
    const struct definition_rung *ladder;  // in the order of their time after the overdue promise
    size_t ladder_count;
    const char *const *channels;  // through which applicants are told
    size_t channel_count;
    const struct definition_number_part *number;
    size_t number_count;
    enum definition_period number_period;
    const struct definition_field *fields;  // in the order of the form
    size_t field_count;
    const struct definition_material *materials;
    size_t material_count;
    const struct definition_special *special;
    size_t special_count;
    const struct definition_item *items;  // in the order of the file
    size_t item_count;
    const uint32_t *order;                 // items such that each comes after what it needs
    const struct definition_index *index;  // of names: compile.h
    const Bl__Workflow *source;
    struct bl_arena *arena;  // holds all of this
};

/* What a definition may refer to. Where a part is NULL nothing is known of it: names are taken as
 * written, with one warning. */
struct definition_context {
    const Bl__DepartmentsFile *departments;
    const char *const *calendars;  // ids
    size_t calendar_count;
};

/* Reads, checks and compiles one workflow.
 *   source    YAML of `bytes` bytes, not kept
 *   file      its name, for positions; copied
 *   context   NULL: nothing is known
 *   problems  gets every error and warning, most useful first
 *   returns   BL_OK (there may be warnings), else BL_DEFINITION or BL_TOO_LARGE, and *definition
 *             is unchanged; the caller owns *definition */
MUST_CHECK enum bl_err definition_load(const char *source, size_t bytes, const char *file,
                                       const struct definition_context *context,
                                       struct definition **definition,
                                       struct schema_problems *problems);
/* Takes NULL, leaves NULL. */
void definition_free(struct definition **definition);

/* What a YAML file is, by its keys. */
enum definition_file {
    DEFINITION_UNKNOWN,
    DEFINITION_WORKFLOW,
    DEFINITION_DEPARTMENTS,
    DEFINITION_CALENDAR
};
enum definition_file definition_file_kind(const char *source, size_t bytes);

/* Reads and checks departments.yaml.
 *   arena     gets the result
 *   problems  as of definition_load */
MUST_CHECK enum bl_err definition_load_departments(const char *source, size_t bytes,
                                                   const char *file, struct bl_arena *arena,
                                                   const Bl__DepartmentsFile **departments,
                                                   struct schema_problems *problems);

/* Reads and checks a calendar.
 *   below     the layers that it stands on (`base`), the national one first; where there are none,
 *             a layer with a base is checked as far as it goes alone
 *   arena     gets the result */
MUST_CHECK enum bl_err definition_load_calendar(const char *source, size_t bytes, const char *file,
                                                const Bl__Calendar *const *below,
                                                size_t below_count, struct bl_arena *arena,
                                                const Bl__Calendar **calendar,
                                                struct schema_problems *problems);

/* The index of an item, field or material, or -1. */
int definition_item_find(const struct definition *definition, const char *id);
int definition_field_find(const struct definition *definition, struct bl_text name);
int definition_material_find(const struct definition *definition, const char *id);
/* Does the item's department see this field of the form, this material? */
bool definition_item_lists_field(const struct definition *definition,
                                 const struct definition_item *item, const char *name);
bool definition_item_lists_material(const struct definition *definition,
                                    const struct definition_item *item, const char *id);

/* Variables of conditions: form fields first, then the results of items, by index. */
static inline size_t definition_slot_field(const struct definition *definition, uint32_t field)
{
    (void)definition;
    return field;
}

static inline size_t definition_slot_item(const struct definition *definition, uint32_t item)
{
    return definition->field_count + item;
}

/* Writes the business number of the `seq`th application of its period, received on `day`:
 * "CY-{date}-{seq:4}" gives CY-20261123-0001. A number that has grown past its width is longer.
 *   size     at least DEFINITION_NUMBER_BYTES_MAX
 *   returns  its bytes */
size_t definition_number(const struct definition *definition, bl_day day, uint64_t seq, char *text,
                         size_t size);
/* What tells the counters of two days apart: 20261123, 202611, 2026 or 0. */
uint32_t definition_number_period(const struct definition *definition, bl_day day);

/* Explains a code such as "E-DURATION" for `binglian help`; NULL if there is none. */
struct definition_code {
    const char *code;
    const char *zh, *en;
};
const struct definition_code *definition_code_find(const char *code);
/* All of them, ordered by code. */
const struct definition_code *definition_codes(size_t *count);
