/* Referrals that nobody has taken over, the earliest limit first. */
#include "core/referral.h"
#include "store/projection.h"

#define ROWS_MAX 2

struct projection projection_of_referral(const void *state, struct bl_arena *arena)
{
    const Bl__Referral *referral = state;
    struct projection projection = projection_empty(ROWS_MAX, arena);

    if (referral_is_open(referral)) {
        struct projection_row *row = projection_row(&projection, TABLE_HANDOVERS);

        key_u64(&row->key, (uint64_t)referral->limit->due_at);
        key_u64(&row->key, referral->id);
    }
    projection_timer(&projection, BL__AGGREGATE__REFERRAL, referral->id,
                     referral_aggregate.next(referral));
    projection_count(&projection, "referrals", referral->to_department, referral_is_open(referral));
    return projection;
}
