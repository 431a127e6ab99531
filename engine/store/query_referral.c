/* Referrals: those that nobody has taken over, the earliest limit first, or all, the newest first.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/referral.h"
#include "store/kind.h"
#include "store/query_state.h"
#include "store/sight.h"

struct listing {
    const struct asking *a;
    size_t limit, rows;
    size_t id_at;  // where in the key the id stands
};

static bool matches(const struct asking *a, const Bl__Referral *referral)
{
    const char *department = a->query->referrals->department;

    return (department[0] == '\0' || strcmp(department, referral->to_department) == 0) &&
           sight_referral(a->viewer.principal, referral);
}

static bool visit(void *context, struct bl_text key, struct bl_text value)
{
    struct listing *listing = context;
    const struct asking *a = listing->a;
    uint64_t id = key_read_u64(key.at + listing->id_at);
    void *referral;

    (void)value;
    if (a->answer->n_referrals == listing->limit || listing->rows == QUERY_ROWS_MAX ||
        query_is_large(a)) {
        a->answer->next = bl_arena_printf(a->viewer.arena, "%" PRIu64 "-%" PRIu64,
                                          listing->id_at == 0 ? 0 : key_read_u64(key.at), id);
        return false;
    }
    listing->rows++;
    if (kind_read(a->read, kind_find(BL__AGGREGATE__REFERRAL), id, a->viewer.arena, &referral,
                  NULL) == BL_OK &&
        matches(a, referral)) {
        a->answer->referrals[a->answer->n_referrals++] = referral;
    }
    return true;
}

enum bl_err query_referrals(const struct asking *a)
{
    const Bl__ListReferrals *what = a->query->referrals;
    struct listing listing = {
        .a = a,
        .limit = query_bounded(what->limit, QUERY_LIMIT_DEFAULT, QUERY_LIMIT_MAX),
        .id_at = what->open ? 8 : 0,
    };
    struct key key = { .count = 0 };
    uint64_t due, id;

    if (what->after[0] != '\0') {
        if (sscanf(what->after, "%" SCNu64 "-%" SCNu64, &due, &id) != 2) {
            return query_refuse(a, BL_INVALID, "cursor-malformed", "after");
        }
        if (what->open) {
            key_u64(&key, due);
        }
        key_u64(&key, id);
    }
    struct bl_text from = key.count == 0 ? (struct bl_text){ NULL, 0 } : key_text(&key);
    a->answer->referrals = bl_arena_array(a->viewer.arena, Bl__Referral *, listing.limit);
    return what->open ? read_scan(a->read, TABLE_HANDOVERS, from, visit, &listing, a->e)
                      : read_scan_back(a->read, TABLE_REFERRALS, from, visit, &listing, a->e);
}
