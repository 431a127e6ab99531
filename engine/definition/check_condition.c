/* Conditions that always or never hold. Where each name of an expression has few values, such as
 * yes and no, options or results, all combinations are tried out; others are believed. */
#include "definition/compile.h"

#define NAMES_MAX 8      // of one expression that is tried out
#define TRIALS_MAX 5000  // combinations: a few milliseconds

/* One combination: value 0 of a name is its absence. */
struct trial {
    const struct cel_variable *variables;
    const uint32_t *slots;
    size_t count;
    size_t value[NAMES_MAX], value_count[NAMES_MAX];
};

/* What trials have shown of an expression; both false: it was not tried. */
struct truth {
    bool can_hold, can_fail;
};

/* How many values there are to try, absence among them; 0: too many. */
static size_t count_values(const struct cel_variable *variable)
{
    if (variable->type == CEL_BOOL) {
        return 3;
    }
    return variable->type == CEL_STRING && variable->option_count > 0 ? variable->option_count + 1
                                                                      : 0;
}

static bool trial_get(void *context, size_t slot, struct cel_value *value)
{
    const struct trial *trial = context;
    const struct cel_variable *variable = &trial->variables[slot];
    size_t i = 0;

    while (trial->slots[i] != slot) {
        i++;
        CHECK(i < trial->count);
    }
    if (trial->value[i] == 0) {
        return false;
    }
    if (variable->type == CEL_BOOL) {
        *value = (struct cel_value){ .type = CEL_BOOL, .boolean = trial->value[i] == 2 };
    } else {
        *value = (struct cel_value){ .type = CEL_STRING,
                                     .string = bl_text_of(variable->options[trial->value[i] - 1]) };
    }
    return true;
}

/* Makes the next combination; false after the last. */
static bool trial_next(struct trial *trial)
{
    for (size_t i = 0; i < trial->count; i++) {
        trial->value[i]++;
        if (trial->value[i] < trial->value_count[i]) {
            return true;
        }
        trial->value[i] = 0;
    }
    return false;
}

/* Begins with everything absent; false where there is too much to try. */
static bool trial_begin(const struct compiler *compiler, const struct cel *cel, struct trial *trial)
{
    size_t trials = 1;

    *trial = (struct trial){ .variables = compiler->variables };
    trial->slots = cel_slots(cel, &trial->count);
    for (size_t i = 0; i < trial->count; i++) {
        size_t values = count_values(&trial->variables[trial->slots[i]]);

        if (i == NAMES_MAX || values == 0 || trials * values > TRIALS_MAX) {
            return false;
        }
        trial->value_count[i] = values;
        trials *= values;
    }
    return true;
}

static struct truth try_out(struct compiler *compiler, const struct cel *cel)
{
    struct truth truth = { false, false };
    struct trial trial;
    struct cel_scope scope = { trial_get, &trial };

    if (cel == NULL || !trial_begin(compiler, cel, &trial)) {
        return truth;
    }
    do {
        struct cel_value value;
        enum bl_err err = cel_eval(cel, &scope, compiler->report.scratch, &value, NULL);

        if (err == BL_OK && value.type == CEL_BOOL) {
            truth.can_hold |= value.boolean;
            truth.can_fail |= !value.boolean;
        } else {  // an error depends on the values, so nothing is certain
            truth = (struct truth){ true, true };
        }
    } while (!(truth.can_hold && truth.can_fail) && trial_next(&trial));
    return truth;
}

static void check_condition(struct compiler *compiler, const char *path, const struct cel *cel)
{
    struct truth truth = try_out(compiler, cel);

    if (truth.can_hold != truth.can_fail) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-CONSTANT", path,
                   "the condition is %s, whatever is answered; remove it or ask for something else",
                   truth.can_hold ? "always true" : "never true");
    }
}

static void check_join(struct compiler *compiler, const char *path,
                       const struct definition_join *join)
{
    struct truth truth = try_out(compiler, join->expression);

    if (truth.can_fail && !truth.can_hold) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-JOIN", path,
                   "no results make the expression true, so the join can never be met; write one "
                   "that some results fulfil");
    } else if (truth.can_hold && !truth.can_fail) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-JOIN", path,
                   "all results make the expression true, so the join waits for nothing; write one "
                   "that some results do not fulfil");
    }
}

void check_conditions(struct compiler *compiler)
{
    const struct definition *definition = compiler->definition;
    struct report *report = &compiler->report;

    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[i];

        check_condition(compiler, report_path(report, "items.%s.when", item->id), item->when);
        check_condition(compiler, report_path(report, "items.%s.notify_commit.when", item->id),
                        item->commit_when);
        check_join(compiler, report_path(report, "items.%s.needs.expression", item->id),
                   &item->needs);
    }
    check_join(compiler, "join.expression", &definition->join);
}
