#include "store/kind.h"

#include "core/application.h"
#include "core/booking.h"
#include "core/project.h"
#include "core/referral.h"

bool kind_key_of_project(const char *code, struct key *key)
{
    key->count = 0;
    if (!project_code_is_good(code)) {
        return false;
    }
    key_string(key, code);
    return true;
}

bool kind_key_of_booking(bl_day day, const char *window, struct key *key)
{
    key->count = 0;
    if (!booking_window_is_good(window)) {
        return false;
    }
    key_u32(key, (uint32_t)day);
    key_string(key, window);
    return true;
}

static const char *project_code(const Bl__Command *command)
{
    switch ((int)command->what_case) {  // the rest are not about projects
    case BL__COMMAND__WHAT_OPEN_PROJECT:
        return command->open_project->code;
    case BL__COMMAND__WHAT_TRACK_PROJECT:
        return command->track_project->code;
    case BL__COMMAND__WHAT_SET_MILESTONE:
        return command->set_milestone->code;
    case BL__COMMAND__WHAT_JOIN_PROJECT:
        return command->join_project->code;
    case BL__COMMAND__WHAT_CLOSE_PROJECT:
        return command->close_project->code;
    default:
        return "";
    }
}

static void target_project(const Bl__Command *command, struct kind_target *target)
{
    (void)kind_key_of_project(project_code(command), &target->key);
}

static void target_referral(const Bl__Command *command, struct kind_target *target)
{
    if (command->what_case == BL__COMMAND__WHAT_HAND_OVER) {
        target->id = command->hand_over->referral;
    }
}

static void target_booking(const Bl__Command *command, struct kind_target *target)
{
    const char *window = "", *date = "";
    bl_day day;

    if (command->what_case == BL__COMMAND__WHAT_PLAN_BOOKINGS) {
        window = command->plan_bookings->window;
        date = command->plan_bookings->date;
    } else if (command->what_case == BL__COMMAND__WHAT_BOOK) {
        window = command->book->window;
        date = command->book->date;
    } else if (command->what_case == BL__COMMAND__WHAT_CHANGE_BOOKING) {
        window = command->change_booking->window;
        date = command->change_booking->date;
    }
    if (bl_day_parse(date, &day, NULL) == BL_OK) {
        (void)kind_key_of_booking(day, window, &target->key);
    }
}

static struct projection project_application(const void *state, struct bl_arena *arena)
{
    return projection_of(state, arena);
}

static void target_application(const Bl__Command *command, struct kind_target *target)
{
    target->id = command->application_id;
}

// clang-format off
static const struct kind kinds[AGGREGATE_COUNT] = {
    [BL__AGGREGATE__APPLICATION] = {
        .kind = BL__AGGREGATE__APPLICATION, .name = "application",
        .states = TABLE_APPLICATIONS, .index = TABLE_META,
        .project = project_application, .target = target_application,
    },
    [BL__AGGREGATE__PROJECT] = {
        .kind = BL__AGGREGATE__PROJECT, .name = "project",
        .states = TABLE_PROJECTS, .index = TABLE_CODES,
        .project = projection_of_project, .target = target_project,
    },
    [BL__AGGREGATE__REFERRAL] = {
        .kind = BL__AGGREGATE__REFERRAL, .name = "referral",
        .states = TABLE_REFERRALS, .index = TABLE_META,
        .project = projection_of_referral, .target = target_referral,
    },
    [BL__AGGREGATE__BOOKING] = {
        .kind = BL__AGGREGATE__BOOKING, .name = "booking",
        .states = TABLE_BOOKINGS, .index = TABLE_DAYS,
        .project = projection_of_booking, .target = target_booking,
    },
};
// clang-format on

const struct kind *kind_find(Bl__Aggregate kind)
{
    return (size_t)kind < BL_COUNT(kinds) && kinds[kind].project != NULL ? &kinds[kind] : NULL;
}

enum bl_err kind_read(struct store_read *read, const struct kind *kind, uint64_t id,
                      struct bl_arena *arena, void **state, struct bl_error *e)
{
    struct key key = key_of_id(id);

    return read_message(read, kind->states, key_text(&key), aggregate_find(kind->kind)->state,
                        arena, (ProtobufCMessage **)state, e);
}

enum bl_err kind_look_up(struct store_read *read, const struct kind *kind, const struct key *key,
                         uint64_t *id, struct bl_error *e)
{
    return key->count == 0 ? BL_NOT_FOUND : read_id(read, kind->index, key_text(key), id, e);
}

enum bl_err kind_newest(struct store_read *read, const struct kind *kind, uint64_t *id,
                        struct bl_error *e)
{
    return read_newest(read, kind->states, id, e);
}
