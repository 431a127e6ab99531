/* referral.h — 首问负责制: whoever is asked first informs and leads to the right post, and the
 * hand-over has a limit (domain.md S28). A referral is open until somebody confirms that the person
 * arrived. */
#pragma once

#include "core/aggregate.h"
#include "deadline/clock.h"

extern const struct aggregate referral_aggregate;

#define REFERRAL_POST_CHARACTERS_MAX 60
#define REFERRAL_SUBJECT_CHARACTERS_MAX 200
#define REFERRAL_LIMIT_DEFAULT "1 working day"

bool referral_is_open(const Bl__Referral *referral);
Bl__Light referral_light(const Bl__Referral *referral, bl_time now);
