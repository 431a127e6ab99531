#include "model_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/content.h"
#include "core/directory.h"
#include "core/notice.h"
#include "oracle.h"
#include "store/audit.h"
#include "store/read.h"
#include "store/record.h"
#include <sodium.h>

/* --- a model ---------------------------------------------------------------------------------- */

struct model *model_new(struct sim *sim)
{
    struct model *model = calloc(1, sizeof *model);

    CHECK(model != NULL);
    model->sim = sim;
    bl_arena_init(&model->scratch, 1 << 14, (size_t)1 << 28);
    bl_arena_init(&model->directory_arena, 1 << 12, (size_t)1 << 28);
    model->directory = directory_aggregate.create(&model->directory_arena, DIRECTORY_ID);
    model->hash = XXH3_createState();
    CHECK(model->hash != NULL);
    (void)XXH3_64bits_reset(model->hash);
    return model;
}

static void mirror_free(struct mirror *mirror)
{
    for (struct lease *lease = mirror->notice_leases, *next; lease != NULL; lease = next) {
        next = lease->next;
        free(lease);
    }
    bl_arena_free(&mirror->arena);
    bl_arena_free(&mirror->rows_arena[0]);
    bl_arena_free(&mirror->rows_arena[1]);
    free(mirror);
}

void model_free(struct model **held)
{
    struct model *model = *held;

    for (uint64_t i = 0; i < model->count; i++) {
        mirror_free(model->mirrors[i]);
    }
    free(model->mirrors);
    free(model->facts);
    bl_map_free(&model->leases);
    bl_map_free(&model->taken);
    bl_map_free(&model->deeds);
    bl_arena_free(&model->scratch);
    bl_arena_free(&model->directory_arena);
    calendar_free(&model->calendar);
    (void)XXH3_freeState(model->hash);
    free(model);
    *held = NULL;
}

/* "NUMBER.item" of an item, with the step that it is at, or "NUMBER.notice-3". */
static const char *task_name(const struct mirror *mirror, size_t item, char *name, size_t size)
{
    if (notice_of_task((uint32_t)item) != 0) {
        (void)snprintf(name, size, "%s.notice-%u", mirror->state->number,
                       notice_of_task((uint32_t)item));
        return name;
    }
    const Bl__Item *is = mirror->state->items[item];
    const struct definition_item *definition = &mirror->workflow->definition->items[item];

    (void)snprintf(name, size, "%s.%s%s%s", mirror->state->number, is->id,
                   is->desk == NULL ? "" : ".",
                   is->desk == NULL ? "" : definition->steps[is->desk->step].id);
    return name;
}

static struct mirror *mirror_of(struct model *model, uint64_t id)
{
    return id == 0 || id > model->count ? NULL : model->mirrors[id - 1];
}

static struct mirror *mirror_new(struct model *model, uint64_t id)
{
    struct mirror *mirror = calloc(1, sizeof *mirror);

    CHECK(mirror != NULL);
    if (id != model->count + 1) {
        FAIL(model, id, "application %llu follows application %llu", (unsigned long long)id,
             (unsigned long long)model->count);
    }
    if (model->count == model->capacity) {
        model->capacity = 2 * model->capacity + 64;
        model->mirrors = realloc(model->mirrors, model->capacity * sizeof(struct mirror *));
        CHECK(model->mirrors != NULL);
    }
    model->mirrors[model->count++] = mirror;
    bl_arena_init(&mirror->arena, 2048, (size_t)1 << 24);
    bl_arena_init(&mirror->rows_arena[0], 2048, (size_t)1 << 24);
    bl_arena_init(&mirror->rows_arena[1], 2048, (size_t)1 << 24);
    mirror->state = application_aggregate.create(&mirror->arena, id);
    return mirror;
}

/* --- leases ----------------------------------------------------------------------------------- */

static void lease_clear(struct model *model, struct lease *lease)
{
    (void)bl_map_remove(&model->leases, lease->attempt);
    *lease = (struct lease){ .task = lease->task, .next = lease->next };
}

/* Where the lease of a task stands; NULL: there is no such task. */
static struct lease *lease_of(struct mirror *mirror, uint32_t task)
{
    if (notice_of_task(task) == 0) {
        return task < mirror->state->n_items ? &mirror->leases[task] : NULL;
    }
    if (notice_find(mirror->state, notice_of_task(task)) == NULL) {
        return NULL;
    }
    struct lease *lease = mirror->notice_leases;

    while (lease != NULL && lease->task != task) {
        lease = lease->next;
    }
    if (lease == NULL) {
        lease = calloc(1, sizeof *lease);
        CHECK(lease != NULL);
        *lease = (struct lease){ .task = task, .next = mirror->notice_leases };
        mirror->notice_leases = lease;
    }
    return lease;
}

void model_lease(struct model *model, uint64_t application, uint32_t item, uint64_t attempt,
                 uint64_t worker, const char *principal)
{
    struct mirror *mirror = mirror_of(model, application);
    struct lease *lease = mirror == NULL ? NULL : lease_of(mirror, item);
    char name[160];

    if (lease == NULL) {
        FAIL(model, application, "a task of nothing is handed out");
    }
    (void)task_name(mirror, item, name, sizeof name);
    sim_trace(model->sim, application, "task %s goes to %s as %u-%u", name, principal,
              (unsigned)(attempt >> 32), (unsigned)attempt);
    if (lease->attempt != 0) {
        FAIL(model, application, "task %s has two live leases: %u-%u of %s and %u-%u of %s", name,
             (unsigned)(lease->attempt >> 32), (unsigned)lease->attempt, lease->principal,
             (unsigned)(attempt >> 32), (unsigned)attempt, principal);
    }
    if (bl_map_get(&model->leases, attempt) != NULL) {
        FAIL(model, application, "attempt %u-%u is used twice", (unsigned)(attempt >> 32),
             (unsigned)attempt);
    }
    lease->of = mirror;
    lease->task = item;
    lease->attempt = attempt;
    lease->worker = worker;
    (void)snprintf(lease->principal, sizeof lease->principal, "%s", principal);
    bl_map_put(&model->leases, attempt, lease);
}

/* A lease that was this very one moves to its worker's new connection, whatever he calls it. */
static bool lease_moves(struct model *model, uint64_t old, uint64_t attempt, uint64_t worker,
                        const char *principal)
{
    struct lease *lease = bl_map_get(&model->leases, old);

    if (lease == NULL) {
        return false;
    }
    const struct mirror *of = lease->of;
    char name[160];
    lease_clear(model, lease);
    lease->of = of;
    sim_trace(model->sim, of->state->id, "%s goes on as %u-%u with %s",
              task_name(of, lease->task, name, sizeof name), (unsigned)(attempt >> 32),
              (unsigned)attempt, principal);
    lease->attempt = attempt;
    lease->worker = worker;
    (void)snprintf(lease->principal, sizeof lease->principal, "%s", principal);
    bl_map_put(&model->leases, attempt, lease);
    return true;
}

void model_resume(struct model *model, const char *task, uint64_t old, uint64_t attempt,
                  uint64_t worker, const char *principal)
{
    const char *dot = strchr(task, '.');
    char id[160] = "";

    if (lease_moves(model, old, attempt, worker, principal)) {
        return;
    }
    for (uint64_t i = 0; i < model->count && dot != NULL; i++) {
        const Bl__Application *state = model->mirrors[i]->state;

        if (strlen(state->number) == (size_t)(dot - task) &&
            memcmp(state->number, task, (size_t)(dot - task)) == 0) {
            (void)snprintf(id, sizeof id, "%.*s", (int)strcspn(dot + 1, "."), dot + 1);
            int item = notice_number(id) != 0 ? (int)notice_task(notice_number(id))
                                              : application_item_find(state, id);

            if (item >= 0) {
                model_lease(model, i + 1, (uint32_t)item, attempt, worker, principal);
                return;
            }
        }
    }
    FAIL(model, 0, "task %s goes on, and there is none", task);
}

void model_deciding(struct model *model, uint64_t attempt, bool deciding)
{
    struct lease *lease = bl_map_get(&model->leases, attempt);

    if (lease == NULL) {
        FAIL(model, 0, "a decision for %u-%u is taken, which nobody holds",
             (unsigned)(attempt >> 32), (unsigned)attempt);
    }
    lease->is_deciding = deciding;
}

void model_lease_over(struct model *model, uint64_t attempt)
{
    struct lease *lease = attempt == 0 ? NULL : bl_map_get(&model->leases, attempt);

    if (lease != NULL) {
        lease_clear(model, lease);
    }
}

static void leases_clear(struct model *model, uint64_t worker, bool all)
{
    for (uint64_t i = 0; i < model->count; i++) {
        for (size_t k = 0; k < model->mirrors[i]->state->n_items; k++) {
            struct lease *lease = &model->mirrors[i]->leases[k];

            if (lease->attempt != 0 && (all || (lease->worker == worker && !lease->is_deciding))) {
                lease_clear(model, lease);
            }
        }
        for (struct lease *lease = model->mirrors[i]->notice_leases; lease != NULL;
             lease = lease->next) {
            if (lease->attempt != 0 && (all || (lease->worker == worker && !lease->is_deciding))) {
                lease_clear(model, lease);
            }
        }
    }
}

void model_worker_gone(struct model *model, uint64_t worker)
{
    leases_clear(model, worker, false);
}

void model_leases_forget(struct model *model)
{
    leases_clear(model, 0, true);
}

uint64_t model_some_lease(struct model *model, char *task, size_t size)
{
    for (uint32_t tries = 0; tries < 8 && model->count > 0; tries++) {
        const struct mirror *mirror = model->mirrors[sim_chance(model->sim, model->count)];
        uint32_t item = (uint32_t)sim_chance(model->sim, mirror->state->n_items);

        if (mirror->leases[item].attempt != 0) {
            (void)task_name(mirror, item, task, size);
            return mirror->leases[item].attempt;
        }
    }
    return 0;
}

void model_received(struct model *model, const char *task, const char *attempt)
{
    uint64_t number = 0;
    const struct lease *lease =
        attempt_parse(attempt, &number) ? bl_map_get(&model->leases, number) : NULL;
    char name[160];

    if (lease != NULL && strcmp(task_name(lease->of, lease->task, name, sizeof name), task) != 0) {
        FAIL(model, lease->of->state->id, "a worker got %s under %s, which is of %s", task, attempt,
             name);
    }
}

uint32_t model_idle_tasks(struct model *model, const char *department, bl_time now)
{
    uint32_t idle = 0;

    for (uint64_t i = 0; i < model->count; i++) {
        const struct mirror *mirror = model->mirrors[i];

        for (size_t k = 0; k < mirror->state->n_items && mirror->state->ended_at == 0; k++) {
            const Bl__Item *item = mirror->state->items[k];

            idle += application_item_is_ready(item) && item->retry_at <= now &&
                    mirror->leases[k].attempt == 0 && strcmp(item->department, department) == 0;
        }
        for (size_t k = 0; k < mirror->state->n_notices; k++) {
            const Bl__Notice *notice = mirror->state->notices[k];
            const struct lease *lease = lease_of(model->mirrors[i], notice_task(notice->number));

            idle += !notice->incident && notice->retry_at <= now && lease->attempt == 0 &&
                    strcmp(notice->channel, department) == 0;
        }
    }
    return idle;
}

/* --- joins ------------------------------------------------------------------------------------ */

static bool is_open_state(Bl__Item__State state)
{
    return state == S(PENDING) || state == S(RECEIVED) || state == S(CORRECTING) ||
           state == S(ACCEPTED) || state == S(REVIEWING) || state == S(SUSPENDED) ||
           state == S(UPPER_REVIEW);
}

/* What `late` says of the branches that are open when their join is settled. */
static void check_late(struct model *model, const struct mirror *mirror,
                       const struct definition_join *join)
{
    for (size_t i = 0; i < join->branch_count; i++) {
        const Bl__Item *branch = mirror->state->items[join->branches[i]];

        if (!is_open_state(branch->state)) {
            continue;
        }
        if (join->late == LATE_CANCEL) {
            FAIL(model, mirror->state->id, "item %s goes on after its join was settled: cancel",
                 branch->id);
        }
        if (join->late == LATE_HOLD && !branch->held) {
            FAIL(model, mirror->state->id, "item %s is not held after its join was settled",
                 branch->id);
        }
    }
}

static void check_needs(struct model *model, const struct mirror *mirror,
                        const struct definition_item *definition)
{
    const Bl__Item *item = mirror->state->items[definition->index];
    enum join_outcome expected = definition->needs.branch_count == 0
                                     ? JOIN_SATISFIED
                                     : oracle_settle(&definition->needs, mirror->state);
    enum join_outcome is = item->state == S(PENDING)   ? JOIN_OPEN
                           : item->state == S(BLOCKED) ? JOIN_FAILED
                                                       : JOIN_SATISFIED;
    bool by_form = item->state == S(NOT_NEEDED) && !definition->when_needs_items;

    bool waits = item->state == S(PENDING) || item->state == S(BLOCKED);

    if ((mirror->before[definition->index] != S(PENDING) && !waits) || by_form ||
        item->state == S(TERMINATED) || item->state == S(WITHDRAWN)) {
        return;
    }
    if (item->state == S(PENDING) && item->not_before != 0 && expected == JOIN_SATISFIED) {
        return;  // it waits for its day: see clocks_next
    }
    if (is != expected) {
        FAIL(model, mirror->state->id, "the needs of item %s are settled wrongly: %d, by rule %d",
             item->id, (int)is, (int)expected);
    }
    if (is != JOIN_OPEN && mirror->before[definition->index] == S(PENDING)) {
        check_late(model, mirror, &definition->needs);
    }
}

static void check_joins(struct model *model, struct mirror *mirror)
{
    const struct definition *definition = mirror->workflow->definition;
    enum join_outcome whole = oracle_settle(&definition->join, mirror->state);

    for (size_t i = 0; i < definition->item_count; i++) {
        check_needs(model, mirror, &definition->items[i]);
    }
    if (whole != JOIN_OPEN && mirror->whole_before == JOIN_OPEN) {
        check_late(model, mirror, &definition->join);
    }
    mirror->whole_before = whole;
}

/* --- one event -------------------------------------------------------------------------------- */

/* An open application has somebody who will do something next. */
static void check_goes_on(struct model *model, const struct mirror *mirror)
{
    const Bl__Application *state = mirror->state;
    bool waits = false, open = false;

    for (size_t i = 0; i < state->n_items; i++) {
        const Bl__Item *item = state->items[i];

        open |= is_open_state(item->state);
        waits |= application_item_is_worked_on(item) || item->incident ||
                 (item->held && is_open_state(item->state)) || item->state == S(RECEIVED) ||
                 item->state == S(CORRECTING) || item->state == S(SUSPENDED) ||
                 item->not_before > mirror->state->submitted_at;
    }
    if (open != (state->ended_at == 0)) {
        FAIL(model, state->id,
             open ? "it has ended and an item is open"
                  : "all its items are settled and it goes on");
    }
    if (open && !waits) {
        FAIL(model, state->id, "it is open and nobody has to do anything");
    }
}

static void check_lease(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                        uint32_t item, const char *attempt)
{
    char held[ATTEMPT_TEXT_BYTES] = "none";
    const struct lease *lease = &mirror->leases[item];

    if (lease->attempt != 0) {
        (void)attempt_format(lease->attempt, held);
    }
    if (strcmp(held, attempt) != 0 || event->actor == NULL ||
        strcmp(event->actor->principal, lease->principal) != 0) {
        FAIL(model, mirror->state->id, "item %s is decided under %s by %s; the lease is %s of %s",
             mirror->state->items[item]->id, attempt,
             event->actor == NULL ? "nobody" : event->actor->principal, held, lease->principal);
    }
}

/* A step of people is signed by a post, a machine's task under its lease. */
static void check_hand(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                       uint32_t item, const char *attempt, const Bl__Desk *after)
{
    const Bl__Item *is = mirror->state->items[item];

    if (is->desk == NULL || !is->desk->personal) {
        check_lease(model, mirror, event, item, attempt);
    } else if (attempt[0] != '\0' || event->actor == NULL || event->actor->post[0] == '\0') {
        FAIL(model, mirror->state->id, "a step of item %s is signed by nobody", is->id);
    } else {
        office_check_signer(model, mirror, event, item, after);
    }
}

/* What an application that has ended may still see: delivery, later checks, counter-events, and
 * what is said. */
static bool may_follow_end(const Bl__Event *event)
{
    static const Bl__Event__WhatCase later[] = {
        BL__EVENT__WHAT_DELIVERED,     BL__EVENT__WHAT_CHECKED,    BL__EVENT__WHAT_SUPPLEMENTED,
        BL__EVENT__WHAT_REOPENED,      BL__EVENT__WHAT_RECALLED,   BL__EVENT__WHAT_REVOKED,
        BL__EVENT__WHAT_RESUMED,       BL__EVENT__WHAT_RECOMPUTED, BL__EVENT__WHAT_URGED,
        BL__EVENT__WHAT_REPLIED,       BL__EVENT__WHAT_COMMENTED,  BL__EVENT__WHAT_NOTICE_SENT,
        BL__EVENT__WHAT_NOTICE_FAILED, BL__EVENT__WHAT_RETRIED,    BL__EVENT__WHAT_VISIT_ENDED,
        BL__EVENT__WHAT_MIGRATED,      BL__EVENT__WHAT_WARNED,     BL__EVENT__WHAT_OVERDUE,
    };

    for (size_t i = 0; i < BL_COUNT(later); i++) {
        if (event->what_case == later[i]) {
            return true;
        }
    }
    return false;
}

static void check_before(struct model *model, const struct mirror *mirror, const Bl__Event *event)
{
    uint64_t id = mirror->state->id;

    if (event->previous != mirror->state->last_event) {
        FAIL(model, id, "event %llu names %llu as the one before, which is %llu",
             (unsigned long long)event->seq, (unsigned long long)event->previous,
             (unsigned long long)mirror->state->last_event);
    }
    if (mirror->state->ended_at != 0 && !may_follow_end(event)) {
        FAIL(model, id, "event %llu comes after the end", (unsigned long long)event->seq);
    }
    clocks_check_moment(model, mirror, event);
    if (event->what_case == BL__EVENT__WHAT_DECIDED) {
        Bl__Item__State state = mirror->state->items[event->decided->item]->state;

        if (state != S(ACCEPTED) && state != S(REVIEWING) && state != S(UPPER_REVIEW)) {
            FAIL(model, id, "item %u is decided twice", event->decided->item);
        }
        check_hand(model, mirror, event, event->decided->item, event->decided->attempt,
                   event->decided->desk);
    } else if (event->what_case == BL__EVENT__WHAT_STEP_SIGNED) {
        check_hand(model, mirror, event, event->step_signed->item, event->step_signed->attempt,
                   event->step_signed->desk);
    } else if (event->what_case == BL__EVENT__WHAT_PASSED_UP) {
        check_hand(model, mirror, event, event->passed_up->item, event->passed_up->attempt,
                   event->passed_up->desk);
    } else if (event->what_case == BL__EVENT__WHAT_FAILED) {
        check_lease(model, mirror, event, event->failed->item, event->failed->attempt);
    }
    notices_check(model, (struct mirror *)mirror, event);
}

static const struct sim_workflow *published(struct model *model, const char *id, uint32_t version)
{
    for (uint32_t i = 0; i < model->sim->workflow_count; i++) {
        struct sim_workflow *workflow = &model->sim->workflows[i];

        if (strcmp(workflow->id, id) == 0 && workflow->version == version) {
            return workflow;
        }
    }
    FAIL(model, 0, "workflow %s %u was never published", id, version);
}

/* The content is there as it was sent, its hash stands in the event, and it was never taken before.
 */
static void check_content(struct model *model, struct store_read *read, struct mirror *mirror,
                          const Bl__Submitted *submitted)
{
    Bl__StoredContent *stored = NULL;
    uint64_t id = mirror->state->id;
    uint8_t hash[CONTENT_HASH_BYTES];
    crypto_generichash_state state;
    unsigned long long serial = 0;
    unsigned variant = 0;

    if (read_content(read, id, 1, &model->scratch, &stored, NULL) != BL_OK) {
        FAIL(model, id, "its content is not there");
    }
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    (void)crypto_generichash_update(&state, stored->salt.data, stored->salt.len);
    (void)crypto_generichash_update(&state, stored->content.data, stored->content.len);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    if (submitted->content_hash.len != sizeof hash ||
        memcmp(submitted->content_hash.data, hash, sizeof hash) != 0) {
        FAIL(model, id, "its content is not what its event says");
    }
    const Bl__Content *content =
        bl__content__unpack(&model->scratch.allocator, stored->content.len, stored->content.data);
    CHECK(content != NULL);
    CHECK(sscanf(content->applicant->name, "%llu-%u-%lf", &serial, &variant, &mirror->area) == 3);
    if (bl_map_get(&model->taken, serial + 1) != NULL) {
        FAIL(model, id, "submission %llu was taken twice", serial);
    }
    bl_map_put(&model->taken, serial + 1, (void *)(uintptr_t)(id << 8 | (variant + 1)));
}

static void check_conditions(struct model *model, const struct mirror *mirror)
{
    for (size_t i = 0; i < mirror->state->n_items && mirror->workflow->is_ours; i++) {
        double over = mirror->workflow->area_over[i];
        bool skipped = mirror->state->items[i]->state == S(NOT_NEEDED);

        if (over > 0 && skipped != !(mirror->area > over)) {
            FAIL(model, mirror->state->id, "item %s is %s, though its condition says otherwise",
                 mirror->state->items[i]->id, skipped ? "not needed" : "needed");
        }
    }
}

static void trace_event(struct model *model, const Bl__Event *event)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&bl__event__descriptor, (unsigned)event->what_case);

    sim_trace(model->sim, event->aggregate == BL__AGGREGATE__APPLICATION ? event->id : 0,
              "event %llu: %s", (unsigned long long)event->seq, field->name);
}

static void take_application(struct model *model, struct store_read *read, const Bl__Event *event)
{
    bool is_new = event->what_case == BL__EVENT__WHAT_SUBMITTED;
    struct mirror *mirror = is_new ? mirror_new(model, event->id) : mirror_of(model, event->id);

    if (mirror == NULL) {
        FAIL(model, event->id, "event %llu is of an application that is not there",
             (unsigned long long)event->seq);
    }
    if (is_new) {
        mirror->calendar_version = model->calendar_version;
        mirror->workflow = published(model, event->submitted->workflow, event->submitted->version);
        for (size_t i = 0; i < event->submitted->n_items; i++) {
            mirror->before[i] = S(PENDING);
        }
        model->open++;
        model->items += event->submitted->n_items;
        notices_check(model, mirror, event);
    } else {
        if (!model->sim->options.bare) {
            calendar_check_event(model, mirror, event);
        }
        if (!model->sim->options.bare) {
            check_before(model, mirror, event);
        }
        mirror->ended_before = mirror->state->ended_at;
        for (size_t i = 0; i < mirror->state->n_items; i++) {
            mirror->before[i] = mirror->state->items[i]->state;
        }
    }
    application_aggregate.evolve(mirror->state, event, &mirror->arena);
    if (is_new) {
        check_content(model, read, mirror, event->submitted);
        check_conditions(model, mirror);
    }
    if (!model->sim->options.bare) {
        clocks_check(model, mirror, event);
        calendar_check_moments(model, mirror);
    }
    model->moved_back |= (event->actor != NULL || event->what_case == BL__EVENT__WHAT_RECOMPUTED) &&
                         clocks_next(mirror->state) <= event->at;
    if (!model->sim->options.bare) {
        check_joins(model, mirror);
        check_goes_on(model, mirror);
    }
    model->open += mirror->ended_before != 0;
    model->open -= mirror->state->ended_at != 0;
    mirror->is_touched = true;
}

static void take_directory(struct model *model, const Bl__Event *event)
{
    if (event->previous != model->directory->last_event) {
        FAIL(model, 0, "the directory's chain of events is broken at %llu",
             (unsigned long long)event->seq);
    }
    directory_aggregate.evolve(model->directory, event, &model->directory_arena);
    office_take(model, event);
    if (event->what_case != BL__EVENT__WHAT_PUBLISHED) {
        return;
    }
    const Bl__Publication *publication = event->published->publication;
    if (publication->kind == BL__PUBLICATION__KIND__CALENDAR) {
        calendar_take(model, publication);
    } else if (publication->kind == BL__PUBLICATION__KIND__WORKFLOW) {
        struct sim_workflow *workflow =
            (struct sim_workflow *)published(model, publication->id, publication->version);

        workflow->is_published = true;
    }
}

static void keep_fact(struct model *model, const Bl__Event *event)
{
    if (model->newest == model->facts_capacity) {
        model->facts_capacity = 2 * model->facts_capacity + 256;
        model->facts = realloc(model->facts, model->facts_capacity * sizeof *model->facts);
        CHECK(model->facts != NULL);
    }
    struct fact *fact = &model->facts[model->newest++];

    *fact = (struct fact){ .what = event->what_case,
                           .application = event->id,
                           .deed = deeds_take(model, event) };
    if (event->what_case == BL__EVENT__WHAT_DECIDED) {
        fact->item = event->decided->item;
        fact->result = event->decided->result;
        (void)snprintf(fact->attempt, sizeof fact->attempt, "%s", event->decided->attempt);
    } else if (event->what_case == BL__EVENT__WHAT_STEP_SIGNED) {
        fact->item = event->step_signed->item;
        fact->result =
            event->step_signed->approves ? BL__ITEM__RESULT__GRANTED : BL__ITEM__RESULT__DENIED;
        (void)snprintf(fact->attempt, sizeof fact->attempt, "%s", event->step_signed->attempt);
    } else if (event->what_case == BL__EVENT__WHAT_PASSED_UP) {
        fact->item = event->passed_up->item;
        fact->result = BL__ITEM__RESULT__GRANTED;
        (void)snprintf(fact->attempt, sizeof fact->attempt, "%s", event->passed_up->attempt);
    } else if (event->what_case == BL__EVENT__WHAT_FAILED) {
        fact->item = event->failed->item;
        (void)snprintf(fact->attempt, sizeof fact->attempt, "%s", event->failed->attempt);
    } else if (event->what_case == BL__EVENT__WHAT_NOTICE_SENT) {
        fact->notice = event->notice_sent->number;
    } else if (event->what_case == BL__EVENT__WHAT_NOTICE_FAILED) {
        fact->notice = event->notice_failed->number;
    }
}

static void take_event(struct model *model, struct store_read *read, uint64_t seq)
{
    Bl__Event *event = NULL;
    struct bl_text record;
    struct bl_error e = { 0 };

    if (read_event_record(read, seq, &record, &e) != BL_OK ||
        read_event(read, seq, &model->scratch, &event, &e) != BL_OK || event->seq != seq) {
        FAIL(model, 0, "event %llu is not there: %s", (unsigned long long)seq, e.text);
    }
    (void)XXH3_64bits_update(model->hash, record.at, record.bytes);
    model->digest = XXH3_64bits_digest(model->hash);
    trace_event(model, event);
    keep_fact(model, event);
    if (event->aggregate == BL__AGGREGATE__APPLICATION) {
        take_application(model, read, event);
    } else {
        take_directory(model, event);
    }
}

/* --- what is stored --------------------------------------------------------------------------- */

struct looking {
    struct bl_text key, value;
    bool found;
};

static bool look(void *context, struct bl_text key, struct bl_text value)
{
    struct looking *looking = context;

    looking->found =
        key.bytes == looking->key.bytes && memcmp(key.at, looking->key.at, key.bytes) == 0;
    looking->value = value;
    return false;
}

static bool row_is_there(struct model *model, struct store_read *read,
                         const struct projection_row *row)
{
    struct looking looking = { .key = key_text(&row->key) };
    struct bl_text value = { (const char *)row->value, row->value_bytes };

    CHECK(read_scan(read, row->table, looking.key, look, &looking, NULL) == BL_OK);
    if (!looking.found) {
        return false;
    }
    if (value.bytes > 0) {
        value = record_seal_bytes(value, &model->scratch);
    }
    return looking.value.bytes == value.bytes &&
           memcmp(looking.value.at, value.at, value.bytes) == 0;
}

static void check_state(struct model *model, struct store_read *read, const struct mirror *mirror)
{
    Bl__Application *stored = NULL;
    struct bl_error e = { 0 };
    size_t bytes = bl__application__get_packed_size(mirror->state);

    if (read_application(read, mirror->state->id, &model->scratch, &stored, &e) != BL_OK) {
        FAIL(model, mirror->state->id, "its state is not there: %s", e.text);
    }
    uint8_t *a = bl_arena_alloc(&model->scratch, bytes), *b;
    bool same = bl__application__get_packed_size(stored) == bytes;

    if (same) {
        b = bl_arena_alloc(&model->scratch, bytes);
        bl__application__pack(mirror->state, a);
        bl__application__pack(stored, b);
        same = memcmp(a, b, bytes) == 0;
    }
    if (!same) {
        FAIL(model, mirror->state->id, "its state is not the fold of its events");
    }
}

static void add_total(struct model *model, const struct projection_count *count, int64_t sign)
{
    size_t i = 0;

    while (i < model->total_count &&
           (strcmp(model->totals[i].name, count->name) != 0 ||
            strcmp(model->totals[i].department, count->department) != 0)) {
        i++;
    }
    if (i == model->total_count) {
        CHECK(model->total_count < COUNTS_MAX);
        model->total_count++;
        model->totals[i] = (struct total){ .value = 0 };
        (void)snprintf(model->totals[i].name, sizeof model->totals[i].name, "%s", count->name);
        (void)snprintf(model->totals[i].department, sizeof model->totals[i].department, "%s",
                       count->department);
    }
    model->totals[i].value += sign * count->value;
}

static void check_rows(struct model *model, struct store_read *read, struct mirror *mirror)
{
    struct projection before = mirror->rows;
    struct bl_arena spare = mirror->rows_arena[1];

    mirror->rows_arena[1] = mirror->rows_arena[0];
    mirror->rows_arena[0] = spare;
    for (int i = 0; i < 2; i++) {
        mirror->rows_arena[i].allocator.allocator_data = &mirror->rows_arena[i];
    }
    bl_arena_reset(&mirror->rows_arena[0]);
    mirror->rows = projection_of(mirror->state, &mirror->rows_arena[0]);
    uint64_t named = 0;
    if (read_number(read, mirror->state->number, &named, NULL) != BL_OK ||
        named != mirror->state->id) {
        FAIL(model, mirror->state->id, "its number leads elsewhere");
    }
    for (size_t i = 0; i < before.row_count; i++) {
        model->rows[before.rows[i].table]--;
    }
    for (size_t i = 0; i < mirror->rows.row_count; i++) {
        model->rows[mirror->rows.rows[i].table]++;
        if (!row_is_there(model, read, &mirror->rows.rows[i])) {
            FAIL(model, mirror->state->id, "a row of %s is not there, or wrong",
                 table_name(mirror->rows.rows[i].table));
        }
    }
    for (size_t i = 0; i < before.count_count; i++) {
        add_total(model, &before.counts[i], -1);
    }
    for (size_t i = 0; i < mirror->rows.count_count; i++) {
        add_total(model, &mirror->rows.counts[i], 1);
    }
    if (application_aggregate.next(mirror->state) != clocks_next(mirror->state)) {
        FAIL(model, mirror->state->id, "its next moment is wrong");
    }
}

static void check_totals(struct model *model, struct store_read *read)
{
    static const enum table projected[] = { TABLE_TIMERS,    TABLE_INBOX, TABLE_OPEN,
                                            TABLE_INCIDENTS, TABLE_DESKS, TABLE_TWINS };

    for (size_t i = 0; i < BL_COUNT(projected); i++) {
        uint64_t rows = 0;

        CHECK(read_rows(read, projected[i], &rows, NULL) == BL_OK);
        if (rows != model->rows[projected[i]]) {
            FAIL(model, 0, "table %s has %llu rows; the states stand for %llu",
                 table_name(projected[i]), (unsigned long long)rows,
                 (unsigned long long)model->rows[projected[i]]);
        }
    }
    for (size_t i = 0; i < model->total_count; i++) {
        const struct total *total = &model->totals[i];
        int64_t value = 0;

        if (read_count(read, total->name, total->department, &value, NULL) != BL_OK ||
            value != total->value) {
            FAIL(model, 0, "the count %s %s is %lld; counted again it is %lld", total->name,
                 total->department, (long long)value, (long long)total->value);
        }
    }
}

static void check_timers(struct model *model, struct store_read *read, bl_time batch_time)
{
    bl_time first = BL_NEVER;

    CHECK(read_next_timer(read, &first, NULL) == BL_OK);
    if (model->moved_back) {
        return;
    }
    if (first < batch_time) {  // a clock that starts now may be yellow now: the next batch says so
        FAIL(model, 0, "a deadline is past by %lld µs and nothing has come of it",
             (long long)(batch_time - first));
    }
}

void model_check(struct model *model, struct store *store, bl_time batch_time, bool timers_left)
{
    struct store_read *read = NULL;
    uint64_t newest = 0;

    bl_arena_reset(&model->scratch);
    CHECK(store_read_begin(store, &read, NULL) == BL_OK);
    CHECK(read_newest_event(read, &newest, NULL) == BL_OK);
    if (newest < model->newest) {
        FAIL(model, 0, "events after %llu are gone", (unsigned long long)newest);
    }
    bool is_new = newest > model->newest;
    model->moved_back = false;
    while (model->newest < newest) {
        take_event(model, read, model->newest + 1);
    }
    if (model->sim->options.bare) {
        store_read_end(&read);
        return;
    }
    for (uint64_t i = 0; is_new && i < model->count; i++) {
        if (model->mirrors[i]->is_touched) {
            model->mirrors[i]->is_touched = false;
            check_state(model, read, model->mirrors[i]);
            check_rows(model, read, model->mirrors[i]);
        }
    }
    if (is_new) {
        check_totals(model, read);
    }
    calendar_check_job(model, read);
    if (!timers_left) {
        check_timers(model, read, batch_time);
    }
    store_read_end(&read);
}

static void chain_problem(void *context, const char *where, uint64_t id, const char *what)
{
    struct model *model = context;

    FAIL(model, 0, "the chain of hashes: %s %llu: %s", where, (unsigned long long)id, what);
}

/* As an auditor sees it, who has the hall's key. */
static void check_chain(struct model *model, struct store_read *read)
{
    struct audit_request request = { .problem = chain_problem, .context = model };
    struct audit_result result;

    memcpy(request.keys[request.key_count++], model->sim->audit.public_key, CHECKPOINT_KEY_BYTES);
    if (audit_chain(read, &request, &result, NULL) != BL_OK || result.newest != model->newest) {
        FAIL(model, 0, "the chain of hashes ends at event %llu", (unsigned long long)result.newest);
    }
}

void model_check_all(struct model *model, struct store *store)
{
    struct store_read *read = NULL;
    XXH3_state_t *again = XXH3_createState();

    CHECK(again != NULL);
    (void)XXH3_64bits_reset(again);
    bl_arena_reset(&model->scratch);
    CHECK(store_read_begin(store, &read, NULL) == BL_OK);
    for (uint64_t seq = 1; seq <= model->newest; seq++) {
        struct bl_text record;

        if (read_event_record(read, seq, &record, NULL) != BL_OK) {
            FAIL(model, 0, "event %llu is gone", (unsigned long long)seq);
        }
        (void)XXH3_64bits_update(again, record.at, record.bytes);
    }
    model->digest = XXH3_64bits_digest(again);
    if (model->digest != XXH3_64bits_digest(model->hash)) {
        FAIL(model, 0, "an event has changed after it was written");
    }
    for (uint64_t i = 0; i < model->count; i++) {
        bl_arena_reset(&model->scratch);
        check_state(model, read, model->mirrors[i]);
        check_rows(model, read, model->mirrors[i]);
    }
    check_totals(model, read);
    check_chain(model, read);
    store_read_end(&read);
    (void)XXH3_freeState(again);
}

/* --- what people were told -------------------------------------------------------------------- */

static const struct fact *fact_of(struct model *model, uint64_t event, const char *who)
{
    if (event == 0 || event > model->newest) {
        FAIL(model, 0, "%s was told of event %llu; the store ends at %llu", who,
             (unsigned long long)event, (unsigned long long)model->newest);
    }
    return &model->facts[event - 1];
}

void model_acknowledged(struct model *model, uint64_t serial, uint32_t variant,
                        uint64_t application, uint64_t event)
{
    const struct fact *fact = fact_of(model, event, "a clerk");
    uint64_t taken = (uintptr_t)bl_map_get(&model->taken, serial + 1);

    if (fact->what != BL__EVENT__WHAT_SUBMITTED || fact->application != application ||
        taken != (application << 8 | (variant + 1))) {
        FAIL(model, application, "submission %llu was acknowledged as event %llu, which is not it",
             (unsigned long long)serial, (unsigned long long)event);
    }
}

void model_decided(struct model *model, const char *task, const char *attempt,
                   Bl__Decision__Verdict verdict, uint64_t event)
{
    const struct fact *fact = fact_of(model, event, "a worker");
    const struct mirror *mirror = mirror_of(model, fact->application);
    bool failed = verdict == BL__DECISION__VERDICT__FAIL;
    char name[160] = "";

    if (fact->notice != 0) {
        bool sent = verdict == BL__DECISION__VERDICT__APPROVE;

        if (mirror == NULL || (fact->what == BL__EVENT__WHAT_NOTICE_SENT) != sent ||
            strcmp(task_name(mirror, notice_task(fact->notice), name, sizeof name), task) != 0) {
            FAIL(model, fact->application,
                 "notice %s was acknowledged as event %llu, which is not it", task,
                 (unsigned long long)event);
        }
        return;
    }

    if (mirror != NULL && fact->item < mirror->state->n_items) {  // its step may have gone on
        (void)snprintf(name, sizeof name, "%s.%s", mirror->state->number,
                       mirror->state->items[fact->item]->id);
    }
    size_t bytes = strlen(name);
    bool decided = fact->what == BL__EVENT__WHAT_DECIDED ||
                   fact->what == BL__EVENT__WHAT_STEP_SIGNED ||
                   fact->what == BL__EVENT__WHAT_PASSED_UP;
    if ((failed ? fact->what != BL__EVENT__WHAT_FAILED : !decided) ||
        strncmp(name, task, bytes) != 0 || (task[bytes] != '\0' && task[bytes] != '.') ||
        strcmp(fact->attempt, attempt) != 0 ||
        (!failed && (fact->result == BL__ITEM__RESULT__GRANTED) !=
                        (verdict == BL__DECISION__VERDICT__APPROVE))) {
        FAIL(model, fact->application,
             "the decision of %s under %s was acknowledged as event "
             "%llu, which is not it",
             task, attempt, (unsigned long long)event);
    }
}

int model_variant(const struct model *model, uint64_t serial)
{
    uint64_t taken = (uintptr_t)bl_map_get(&model->taken, serial + 1);

    return taken == 0 ? -1 : (int)(taken & 0xff) - 1;
}

uint64_t model_newest(const struct model *model)
{
    return model->newest;
}

const Bl__Application *model_application(const struct model *model, uint64_t id)
{
    return id == 0 || id > model->count ? NULL : model->mirrors[id - 1]->state;
}

uint64_t model_applications(const struct model *model)
{
    return model->count;
}

uint64_t model_open(const struct model *model)
{
    uint64_t waiting = 0;

    for (uint64_t i = 0; i < model->count && model->open == 0; i++) {
        waiting += notices_waiting(model->mirrors[i]);
    }
    return model->open + waiting;
}

uint64_t model_items(const struct model *model)
{
    return model->items;
}

uint64_t model_hash(const struct model *model)
{
    return model->digest;
}
