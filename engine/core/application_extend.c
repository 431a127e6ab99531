/* 延期: once, before the limit is over, by who may (行政许可法 第四十二条; domain.md 4.6). */
#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/office.h"
#include "core/recount.h"

/* What is to be extended: an item, or the whole bundle. */
struct extension {
    bool whole;
    uint32_t index;
    struct limit at_most;
    Bl__Extension__Approver approver;
    const Bl__Limit *extended;
    const Bl__Clock *clock;  // that gets longer: the law's, or the promise where there is none
    const char *id;
};

static Bl__Refusal *find_extension(const struct question *q, struct extension *extension)
{
    const Bl__Application *application = q->application;
    const struct definition *definition = q->world->definition;
    const char *id = q->command->extend->item;

    if (id[0] == '\0') {
        *extension = (struct extension){
            .whole = true,
            .at_most = definition->extend_at_most,
            .approver = definition->extend_approver,
            .extended = application->extended,
            .clock = application->legal != NULL ? application->legal : application->promise,
            .id = "application",
        };
        return NULL;
    }
    Bl__Refusal *refusal = question_item(q, id, &extension->index);
    if (refusal != NULL) {
        return refusal;
    }
    const Bl__Item *item = application->items[extension->index];
    extension->whole = false;
    extension->at_most = definition->items[extension->index].extend_at_most;
    extension->approver = definition->items[extension->index].extend_approver;
    extension->extended = item->extended;
    extension->clock = item->legal != NULL ? item->legal : item->promise;
    extension->id = id;
    return NULL;
}

/* The head of the organ whose item it is, of the lead's for the whole; or the government of that
 * level, whose posts stand in an office of their own (行政许可法 第四十二条). */
static Bl__Refusal *check_approver(const struct question *q, const struct extension *extension,
                                   const char **approver)
{
    bool government = extension->approver == BL__EXTENSION__APPROVER__GOVERNMENT;
    const char *department = government ? NULL
                             : extension->whole
                                 ? q->world->definition->lead
                                 : q->application->items[extension->index]->department;

    return office_approve(q->world, department, government ? "government" : "organ_head",
                          q->command->extend->approver, approver, q->arena);
}

static Bl__Refusal *check_papers(const struct question *q)
{
    const Bl__Extend *extend = q->command->extend;

    if (extend->reason[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "reason-required", "reason");
    }
    if (question_is_longer(extend->approver, DOCUMENT_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "document-long", "approver");
    }
    return question_is_longer(extend->reason, REASON_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "reason")
               : NULL;
}

static Bl__Refusal *check_extension(const struct question *q, const struct extension *extension)
{
    const char *id = bl_arena_string(q->arena, extension->id);

    if (extension->at_most.halves == 0) {
        return refusal_new(q->arena, BL_REFUSED, "extension-none", id);
    }
    if (extension->extended != NULL) {
        return refusal_new(q->arena, BL_REFUSED, "extension-once", id);
    }
    if (!countdown_is_open(extension->clock)) {
        return refusal_new(q->arena, BL_REFUSED, "extension-not-running", id);
    }
    // Granted after the due moment it is invalid: what is overdue stays so.
    if (extension->clock->phase == BL__CLOCK__PHASE__OVERDUE ||
        q->world->now > extension->clock->due_at) {
        return refusal_new(q->arena, BL_REFUSED, "extension-late", id);
    }
    return check_papers(q);
}

static bl_time limit_end(const struct question *q, struct limit limit)
{
    struct clock_question question = { .start = q->world->now, .limit = limit };

    return clock_due(q->world->calendar, &question).due;
}

static Bl__Refusal *read_by(const struct question *q, const struct extension *extension,
                            struct limit *by)
{
    const char *text = q->command->extend->by;
    struct bl_error e = { 0 };

    *by = extension->at_most;
    if (text[0] == '\0') {
        return NULL;
    }
    if (limit_parse(text, by, &e) != BL_OK || by->halves <= 0) {
        return refusal_new(q->arena, BL_INVALID, "limit-malformed", "by");
    }
    if (limit_end(q, *by) > limit_end(q, extension->at_most)) {
        return refusal_argument(
            q->arena,
            refusal_new(q->arena, BL_REFUSED, "extension-long",
                        bl_arena_string(q->arena, extension->id)),
            "limit", limit_format(extension->at_most, bl_arena_alloc(q->arena, LIMIT_TEXT)));
    }
    return NULL;
}

static Bl__Extended *extended_new(const struct question *q, const struct extension *extension,
                                  struct limit by, const char *approver)
{
    Bl__Extended *extended = bl_arena_new(q->arena, Bl__Extended);

    bl__extended__init(extended);
    extended->item = extension->index;
    extended->whole_bundle = extension->whole;
    extended->approver = approver;
    extended->reason = q->command->extend->reason;
    extended->by = bl_arena_new(q->arena, Bl__Limit);
    bl__limit__init(extended->by);
    extended->by->halves = by.halves;
    extended->by->unit = (Bl__Limit__Unit)by.unit;
    return extended;
}

struct ruling decide_extend(const struct question *q)
{
    struct extension extension = { 0 };
    struct limit by;
    const char *approver;
    Bl__Refusal *refusal = find_extension(q, &extension);

    refusal = refusal == NULL ? check_extension(q, &extension) : refusal;
    refusal = refusal == NULL ? check_approver(q, &extension, &approver) : refusal;
    refusal = refusal == NULL ? read_by(q, &extension, &by) : refusal;
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_EXTENDED);
    Bl__Extended *extended = extended_new(q, &extension, by, approver);
    event->extended = extended;
    if (extension.whole) {
        extended->whole = recount_whole(q->world, q->application, NULL, 0, extended->by, q->arena);
        return ruling_event(event);
    }
    Bl__Item *draft = item_copy(q->application->items[extension.index], q->arena);
    draft->extended = extended->by;
    draft->extended_at = q->world->now;
    Bl__ItemChange *change =
        recount_item(q->world, q->application, draft, extension.index, q->arena);
    extended->n_changes = 1;
    extended->changes = bl_arena_copy(q->arena, &change, sizeof change);
    return ruling_event(event);
}

void evolve_extended(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Extended *extended = event->extended;

    if (extended->whole_bundle) {
        application->extended = limit_copy(extended->by, arena);
    } else {
        CHECK(extended->item < application->n_items);
        application->items[extended->item]->extended = limit_copy(extended->by, arena);
        application->items[extended->item]->extended_at = event->at;
    }
    change_items(application, extended->changes, extended->n_changes, event, arena);
    change_whole(application, extended->whole, arena);
}
