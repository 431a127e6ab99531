#include "core/principal.h"

#include <string.h>

#include "base/text.h"

#define ROLE(role) (1u << BL__KEY__ROLE__##role)
#define WINDOW (ROLE(CLERK) | ROLE(MANAGER) | ROLE(GATEWAY) | ROLE(ADMINISTRATOR))
#define DEPARTMENT (ROLE(WORKER) | ROLE(OFFICER))
#define WHAT(what) [BL__COMMAND__WHAT_##what]

/* Rights to act. The engine itself publishes what it finds at start as administrator; a gateway
 * speaks for people whose rights it has looked up, so it may send what people may. */
// clang-format off
static const struct {
    uint32_t roles;
    const char *words;
} rights[] = {
    WHAT(SUBMIT)     = { WINDOW, "clerk, manager" },
    WHAT(ACCEPT)     = { WINDOW | DEPARTMENT, "clerk, the item's department" },
    WHAT(REFUSE)     = { WINDOW | DEPARTMENT, "clerk, the item's department" },
    WHAT(NOTIFY)     = { WINDOW | DEPARTMENT, "clerk, the item's department" },
    WHAT(RETURN_PAPERS) = { WINDOW | DEPARTMENT, "clerk, the item's department" },
    WHAT(CORRECT)    = { WINDOW | ROLE(APPLICANT), "clerk, applicant" },
    WHAT(SUPPLEMENT) = { WINDOW | ROLE(APPLICANT), "clerk, applicant" },
    WHAT(WITHDRAW)   = { WINDOW | ROLE(APPLICANT), "clerk, applicant" },
    WHAT(CHECK)      = { DEPARTMENT | ROLE(GATEWAY) | ROLE(ADMINISTRATOR),
                         "the item's department" },
    WHAT(DECIDE)     = { ROLE(WORKER) | ROLE(OFFICER) | ROLE(GATEWAY), "the item's department" },
    WHAT(FAIL)       = { ROLE(WORKER) | ROLE(GATEWAY), "the item's department" },
    WHAT(RETRY)      = { ROLE(ADMINISTRATOR) | ROLE(SUPERVISOR) | ROLE(GATEWAY),
                         "administrator, supervisor" },
    WHAT(RELEASE)    = { ROLE(ADMINISTRATOR) | ROLE(SUPERVISOR) | ROLE(GATEWAY),
                         "administrator, supervisor" },
    WHAT(TERMINATE)  = { ROLE(ADMINISTRATOR) | ROLE(SUPERVISOR) | ROLE(GATEWAY) | ROLE(OFFICER),
                         "administrator, supervisor, the item's department" },
    WHAT(CLAIM)          = { ROLE(OFFICER) | ROLE(GATEWAY), "a post of the item's department" },
    WHAT(UNCLAIM)        = { ROLE(OFFICER) | ROLE(GATEWAY), "a post of the item's department" },
    WHAT(TRANSFER)       = { ROLE(OFFICER) | ROLE(GATEWAY), "a post of the item's department" },
    WHAT(CHANGE_SIGNERS) = { ROLE(OFFICER) | ROLE(GATEWAY), "a post of the item's department" },
    WHAT(SEND_BACK)      = { ROLE(OFFICER) | ROLE(GATEWAY), "a post of the item's department" },
    WHAT(RECALL)         = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(OFFICER) | ROLE(GATEWAY), "whoever did it" },
    WHAT(CONSULT)        = { ROLE(WORKER) | ROLE(OFFICER) | ROLE(GATEWAY), "the item's department" },
    WHAT(OPINE)          = { ROLE(WORKER) | ROLE(OFFICER) | ROLE(GATEWAY), "the department that was asked" },
    WHAT(SET_VISIT)      = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(TRACKER) | ROLE(WORKER) | ROLE(OFFICER) | ROLE(GATEWAY),
                             "clerk, the item's department" },
    WHAT(END_VISIT)      = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(TRACKER) | ROLE(WORKER) | ROLE(OFFICER) | ROLE(GATEWAY),
                             "clerk, the item's department" },
    WHAT(REVOKE)         = { ROLE(OFFICER) | ROLE(GATEWAY), "the organ's head" },
    WHAT(REOPEN)         = { ROLE(OFFICER) | ROLE(GATEWAY), "the organ's head" },
    WHAT(COMMENT)        = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(TRACKER) | ROLE(SUPERVISOR) |
                             ROLE(ADMINISTRATOR) | ROLE(WORKER) | ROLE(OFFICER) | ROLE(GATEWAY), "everybody of the hall" },
    WHAT(SET_ABSENCE)    = { ROLE(ADMINISTRATOR) | ROLE(MANAGER) | ROLE(OFFICER) | ROLE(GATEWAY),
                             "administrator, manager, the post itself, its section's head" },
    WHAT(END_ABSENCE)    = { ROLE(ADMINISTRATOR) | ROLE(MANAGER) | ROLE(OFFICER) | ROLE(GATEWAY),
                             "administrator, manager, the post itself, its section's head" },
    WHAT(SUSPEND)    = { ROLE(OFFICER) | ROLE(WORKER) | ROLE(GATEWAY), "the item's department" },
    WHAT(RESUME)     = { ROLE(OFFICER) | ROLE(WORKER) | ROLE(GATEWAY), "the item's department" },
    WHAT(ARRANGE_HEARING) = { ROLE(CLERK) | ROLE(OFFICER) | ROLE(WORKER) | ROLE(GATEWAY),
                              "clerk, the item's department" },
    WHAT(EXTEND)     = { ROLE(OFFICER) | ROLE(WORKER) | ROLE(GATEWAY), "the item's department" },
    WHAT(DELIVER)    = { ROLE(CLERK) | ROLE(OFFICER) | ROLE(WORKER) | ROLE(GATEWAY),
                         "clerk, the item's department" },
    WHAT(SEND_NOTICE) = { ROLE(WORKER) | ROLE(SUPERVISOR) | ROLE(ADMINISTRATOR) | ROLE(GATEWAY),
                          "the notice's channel, supervisor, administrator" },
    WHAT(FAIL_NOTICE) = { ROLE(WORKER) | ROLE(GATEWAY), "the notice's channel" },
    WHAT(PUBLISH)    = { ROLE(ADMINISTRATOR), "administrator" },
    WHAT(RETIRE)     = { ROLE(ADMINISTRATOR), "administrator" },
    WHAT(GRANT_KEY)  = { ROLE(ADMINISTRATOR), "administrator" },
    WHAT(REVOKE_KEY) = { ROLE(ADMINISTRATOR), "administrator" },
    WHAT(MIGRATE)        = { ROLE(ADMINISTRATOR), "administrator" },
    WHAT(URGE)           = { ROLE(TRACKER) | ROLE(CLERK) | ROLE(MANAGER) | ROLE(OFFICER) | ROLE(WORKER) |
                             ROLE(SUPERVISOR) | ROLE(ADMINISTRATOR) | ROLE(GATEWAY),
                             "tracker, the lead department, supervisor, leading group" },
    WHAT(REPLY)          = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(OFFICER) | ROLE(WORKER) |
                             ROLE(SUPERVISOR) | ROLE(ADMINISTRATOR) | ROLE(GATEWAY),
                             "whom the urging is meant for" },
    WHAT(OPEN_PROJECT)   = { ROLE(ADMINISTRATOR) | ROLE(SUPERVISOR) | ROLE(GATEWAY),
                             "administrator, supervisor" },
    WHAT(TRACK_PROJECT)  = { ROLE(ADMINISTRATOR) | ROLE(SUPERVISOR) | ROLE(GATEWAY),
                             "administrator, supervisor" },
    WHAT(SET_MILESTONE)  = { ROLE(TRACKER) | ROLE(ADMINISTRATOR) | ROLE(SUPERVISOR) | ROLE(GATEWAY),
                             "the project's tracker, administrator, supervisor" },
    WHAT(CLOSE_PROJECT)  = { ROLE(ADMINISTRATOR) | ROLE(SUPERVISOR) | ROLE(GATEWAY),
                             "administrator, supervisor" },
    WHAT(REFER)          = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(OFFICER) | ROLE(ADMINISTRATOR) |
                             ROLE(GATEWAY), "clerk, officer" },
    WHAT(HAND_OVER)      = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(OFFICER) | ROLE(WORKER) |
                             ROLE(ADMINISTRATOR) | ROLE(GATEWAY),
                             "clerk, the department that takes over" },
    WHAT(PLAN_BOOKINGS)  = { ROLE(MANAGER) | ROLE(ADMINISTRATOR) | ROLE(GATEWAY),
                             "hall manager, administrator" },
    WHAT(BOOK)           = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(ADMINISTRATOR) | ROLE(GATEWAY),
                             "clerk, applicant through the gateway" },
    WHAT(CHANGE_BOOKING) = { ROLE(CLERK) | ROLE(MANAGER) | ROLE(ADMINISTRATOR) | ROLE(GATEWAY),
                             "clerk, applicant through the gateway" },
};
// clang-format on

bool principal_role_may(Bl__Key__Role role, Bl__Command__WhatCase what)
{
    return (size_t)what < BL_COUNT(rights) && (rights[what].roles & (1u << role)) != 0;
}

bool principal_for(const Bl__Actor *actor, struct principal *person)
{
    const uint32_t people = ROLE(CLERK) | ROLE(OFFICER) | ROLE(TRACKER) | ROLE(SUPERVISOR) |
                            ROLE(MANAGER) | ROLE(ADMINISTRATOR) | ROLE(APPLICANT);

    const char *name = actor == NULL                    ? ""
                       : actor->on_behalf_of[0] != '\0' ? actor->on_behalf_of
                                                        : actor->post;

    if (name[0] == '\0' || strlen(name) >= sizeof person->name ||
        strlen(actor->department) >= sizeof person->department ||
        strlen(actor->post) >= sizeof person->post || (people >> actor->role & 1) == 0) {
        return false;
    }
    person->role = actor->role;
    bl_text_copy(person->name, sizeof person->name, name);
    bl_text_copy(person->department, sizeof person->department, actor->department);
    bl_text_copy(person->post, sizeof person->post, actor->post);
    return true;
}

bool principal_may(const struct principal *principal, Bl__Command__WhatCase what)
{
    return principal_role_may(principal->role, what);
}

const char *principal_who_may(Bl__Command__WhatCase what)
{
    return (size_t)what < BL_COUNT(rights) && rights[what].words != NULL ? rights[what].words : "";
}
