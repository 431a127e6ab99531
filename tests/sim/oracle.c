#include "oracle.h"

#include "base/check.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result

static bool is_open(const Bl__Item *item)
{
    return item->state == S(PENDING) || item->state == S(RECEIVED) || item->state == S(ACCEPTED) ||
           item->state == S(REVIEWING);
}

static bool is_for(const Bl__Item *item)
{
    return item->state == S(DECIDED) && item->result != R(DENIED);
}

/* Has the rule's number been reached, if open branches end so? */
static bool is_met(const struct definition_join *join, const Bl__Application *of,
                   bool open_ends_for)
{
    uint32_t counted = 0, in_favour = 0;

    for (size_t i = 0; i < join->branch_count; i++) {
        const Bl__Item *branch = of->items[join->branches[i]];

        if (branch->state == S(NOT_NEEDED)) {
            continue;
        }
        counted++;
        in_favour += is_open(branch) ? open_ends_for : is_for(branch);
    }
    if (counted == 0) {
        return true;
    }
    return in_favour >= (join->kind == JOIN_ALL   ? counted
                         : join->kind == JOIN_ANY ? 1
                                                  : join->need);
}

enum join_outcome oracle_settle(const struct definition_join *join, const Bl__Application *of)
{
    CHECK(join->kind != JOIN_EXPRESSION);
    for (size_t i = 0; i < join->veto_count; i++) {
        const Bl__Item *item = of->items[join->veto[i]];

        if (item->state == S(DECIDED) && item->result == R(DENIED)) {
            return JOIN_FAILED;
        }
    }
    if (is_met(join, of, false)) {
        return JOIN_SATISFIED;
    }
    return is_met(join, of, true) ? JOIN_OPEN : JOIN_FAILED;
}
