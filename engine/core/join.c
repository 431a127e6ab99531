#include "core/join.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result

enum branch { BRANCH_OPEN, BRANCH_FOR, BRANCH_SKIPPED, BRANCH_AGAINST };

static enum branch branch_of(struct join_item item)
{
    switch (item.state) {
    case S(PENDING):
    case S(RECEIVED):
    case S(CORRECTING):
    case S(ACCEPTED):
    case S(REVIEWING):
    case S(SUSPENDED):
    case S(UPPER_REVIEW):
        return BRANCH_OPEN;
    case S(DECIDED):
    case S(DELIVERING):
    case S(DELIVERED):
        return item.result == R(DENIED) ? BRANCH_AGAINST : BRANCH_FOR;
    case S(NOT_NEEDED):
        return BRANCH_SKIPPED;
    case S(REFUSED):
    case S(RETURNED):
    case S(WITHDRAWN):
    case S(TERMINATED):
    case S(BLOCKED):
    case S(REVOKED):
        return BRANCH_AGAINST;
    case S(STATE_UNSPECIFIED):
        break;
    }
    UNREACHABLE();
}

bool join_item_is_settled(struct join_item item)
{
    return branch_of(item) != BRANCH_OPEN;
}

struct bl_text join_item_result(struct join_item item)
{
    switch (item.state) {
    case S(PENDING):
    case S(RECEIVED):
    case S(CORRECTING):
    case S(ACCEPTED):
    case S(REVIEWING):
    case S(SUSPENDED):
    case S(UPPER_REVIEW):
        return bl_text_of("");
    case S(DECIDED):
    case S(DELIVERING):
    case S(DELIVERED):
        return bl_text_of(item.result == R(DENIED)    ? "denied"
                          : item.result == R(GRANTED) ? "granted"
                                                      : "tacit");
    case S(NOT_NEEDED):
        return bl_text_of("not_needed");
    case S(BLOCKED):
        return bl_text_of("blocked");
    case S(TERMINATED):
        return bl_text_of("terminated");
    case S(REFUSED):
        return bl_text_of("refused");
    case S(RETURNED):
        return bl_text_of("returned");
    case S(WITHDRAWN):
        return bl_text_of("withdrawn");
    case S(REVOKED):
        return bl_text_of("revoked");
    case S(STATE_UNSPECIFIED):
        break;
    }
    UNREACHABLE();
}

static bool is_vetoed(const struct definition_join *join, const struct join_item *items)
{
    for (size_t i = 0; i < join->veto_count; i++) {
        const struct join_item *item = &items[join->veto[i]];

        if (item->result == R(DENIED) && join_item_is_settled(*item)) {
            return true;
        }
    }
    return false;
}

/* How many branches must be for it. */
static size_t needed(const struct definition_join *join, size_t skipped)
{
    switch (join->kind) {
    case JOIN_ALL:
        return join->branch_count - skipped;
    case JOIN_ANY:
        return 1;
    case JOIN_COUNT:
        return join->need;
    case JOIN_EXPRESSION:
        break;
    }
    UNREACHABLE();
}

/* An expression holds as soon as it is true; false becomes final when nothing is open any more. */
static enum join_outcome settle_expression(const struct definition_join *join, bool open,
                                           struct form_scope *scope, struct bl_arena *scratch)
{
    struct bl_error e = { 0 };
    bool holds = false;

    if (form_holds(join->expression, scope, scratch, &holds, &e) == BL_OK && holds) {
        return JOIN_SATISFIED;
    }
    return open ? JOIN_OPEN : JOIN_FAILED;
}

enum join_outcome join_settle(const struct definition_join *join, const struct join_item *items,
                              struct form_scope *scope, struct bl_arena *scratch)
{
    size_t count[BRANCH_AGAINST + 1] = { 0 };

    for (size_t i = 0; i < join->branch_count; i++) {
        count[branch_of(items[join->branches[i]])]++;
    }
    if (is_vetoed(join, items)) {
        return JOIN_FAILED;
    }
    if (count[BRANCH_SKIPPED] == join->branch_count) {
        return JOIN_SATISFIED;
    }
    if (join->kind == JOIN_EXPRESSION) {
        return settle_expression(join, count[BRANCH_OPEN] > 0, scope, scratch);
    }
    size_t need = needed(join, count[BRANCH_SKIPPED]);
    if (count[BRANCH_FOR] >= need) {
        return JOIN_SATISFIED;
    }
    return count[BRANCH_FOR] + count[BRANCH_OPEN] < need ? JOIN_FAILED : JOIN_OPEN;
}
