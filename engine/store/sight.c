#include "store/sight.h"

#include <string.h>

#include "core/application.h"

/* Is somebody bound to one department? */
static bool is_department(const struct principal *principal)
{
    return principal->role == BL__KEY__ROLE__WORKER || principal->role == BL__KEY__ROLE__OFFICER;
}

bool sight_department(const struct principal *principal, const char *department)
{
    return !is_department(principal) || strcmp(principal->department, department) == 0;
}

/* Has its department been asked for an opinion on the item? */
static bool is_asked(const struct principal *principal, const Bl__Item *item)
{
    for (size_t i = 0; i < item->n_consultations; i++) {
        if (sight_department(principal, item->consultations[i]->department)) {
            return true;
        }
    }
    return false;
}

static bool is_applicant(const struct principal *principal)
{
    return principal->role == BL__KEY__ROLE__APPLICANT;
}

bool sight_item(const struct principal *principal, const Bl__Item *item)
{
    return !is_department(principal) || strcmp(principal->department, item->department) == 0 ||
           (item->lower[0] != '\0' && strcmp(principal->department, item->lower) == 0);
}

bool sight_asks_project(const struct principal *principal)
{
    return principal->role == BL__KEY__ROLE__TRACKER;
}

bool sight_application(const struct principal *principal, const Bl__Application *application,
                       const Bl__Project *project)
{
    if (is_applicant(principal)) {
        return strcmp(principal->name, application->number) == 0;
    }
    if (sight_asks_project(principal)) {
        return project != NULL && sight_project(principal, project);
    }
    for (size_t i = 0; i < application->n_items; i++) {
        if (sight_item(principal, application->items[i]) ||
            is_asked(principal, application->items[i])) {
            return true;
        }
    }
    return !is_department(principal);
}

bool sight_event(const struct principal *principal, const Bl__Application *application,
                 const Bl__Project *project, const Bl__Event *event)
{
    if (is_applicant(principal)) {
        return false;  // events name officers and what they said
    }
    if (sight_asks_project(principal)) {
        return project != NULL && sight_project(principal, project);
    }
    if (!is_department(principal)) {
        return true;
    }
    if (application == NULL) {
        return false;
    }
    int item = application_event_item(event);
    if (item < 0) {
        return sight_application(principal, application, project);
    }
    return (size_t)item < application->n_items && sight_item(principal, application->items[item]);
}

bool sight_project(const struct principal *principal, const Bl__Project *project)
{
    if (principal->role == BL__KEY__ROLE__TRACKER) {
        return strcmp(principal->name, project->tracker) == 0 ||
               (principal->post[0] != '\0' && strcmp(principal->post, project->tracker) == 0);
    }
    return !is_department(principal);
}

bool sight_referral(const struct principal *principal, const Bl__Referral *referral)
{
    return !is_department(principal) || strcmp(principal->department, referral->to_department) == 0;
}

bool sight_operation(const struct principal *principal)
{
    return !is_department(principal) && !is_applicant(principal);
}

bool sight_query_code(const struct principal *principal)
{
    return principal->role == BL__KEY__ROLE__CLERK || principal->role == BL__KEY__ROLE__MANAGER ||
           principal->role == BL__KEY__ROLE__ADMINISTRATOR;
}
