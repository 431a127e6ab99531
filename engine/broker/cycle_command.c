/* What one command asks for, and why not. */
#include <string.h>

#include "broker/cycle_state.h"
#include "core/application.h"
#include "core/directory.h"
#include "core/plain.h"
#include "store/read.h"
#include "store/record.h"

void cycle_refuse(struct batch_command *command, Bl__Refusal *refusal)
{
    command->answer.refusal = refusal;
}

void cycle_refuse_with(struct cycle *cycle, struct batch_command *command, enum bl_err code,
                       const char *rule, const char *pointer)
{
    cycle_refuse(command, refusal_new(cycle->arena, code, rule, pointer));
}

bool cycle_would(struct batch_command *command, const Bl__Event *event)
{
    const ProtobufCMessageDescriptor *descriptor = &bl__event__descriptor;

    if (!command->command->dry_run) {
        return false;
    }
    command->answer.would =
        protobuf_c_message_descriptor_get_field(descriptor, event->what_case)->name;
    return true;
}

/* An error of the store's, as the caller hears it. */
static void refuse_error(struct cycle *cycle, struct batch_command *command, enum bl_err code,
                         const char *pointer)
{
    const char *rule = code == BL_NOT_FOUND ? "application-unknown"
                       : code == BL_CORRUPT ? "record-damaged"
                                            : bl_err_name(code);

    cycle_refuse_with(cycle, command, code, rule, pointer);
}

static bool has_late_conditions(const struct definition *definition)
{
    for (size_t i = 0; i < definition->item_count; i++) {
        if (definition->items[i].when_needs_items ||
            definition->items[i].needs.kind == JOIN_EXPRESSION) {
            return true;
        }
    }
    return definition->join.kind == JOIN_EXPRESSION;
}

/* Is it a further version of what was handed in? */
static bool makes_content(Bl__Command__WhatCase what)
{
    return what == BL__COMMAND__WHAT_CORRECT || what == BL__COMMAND__WHAT_SUPPLEMENT;
}

/* Does the command ask what was handed in before? */
static bool asks_for_content(const struct batch_command *command,
                             const struct definition *definition)
{
    Bl__Command__WhatCase what =
        command == NULL ? BL__COMMAND__WHAT__NOT_SET : command->command->what_case;

    return makes_content(what) || what == BL__COMMAND__WHAT_MIGRATE ||
           what == BL__COMMAND__WHAT_REOPEN ||
           (what == BL__COMMAND__WHAT_ACCEPT && definition->supplement.halves > 0);
}

/* The form, where a condition that is settled now may ask for it, or the command does. */
static struct bl_text late_content(struct cycle *cycle, const struct batch_command *command,
                                   const struct cached *cached)
{
    Bl__StoredContent *stored;

    if (!asks_for_content(command, cached->version.definition) &&
        !has_late_conditions(cached->version.definition)) {
        return (struct bl_text){ NULL, 0 };
    }
    if (cached->content.at != NULL) {
        return cached->content;
    }
    if (read_content(store_write_read(cycle->write), cached->id, cached->state->contents,
                     cycle->arena, &stored, NULL) != BL_OK) {
        return (struct bl_text){ NULL, 0 };
    }
    return (struct bl_text){ (const char *)stored->content.data, stored->content.len };
}

struct world cycle_world(struct cycle *cycle, const struct batch_command *command,
                         const struct cached *cached)
{
    struct world world = {
        .now = cycle->now,
        .departments = cycle->departments,
        .directory = cycle->directory,
        .secret = store_secret(cycle->store),
    };

    if (command != NULL) {
        world.principal = command->principal;
        world.actor = command->command->actor;
    }
    if (cached != NULL) {
        world.definition = cached->version.definition;
        world.calendar = cached->version.calendar;
        world.id = cached->id;
        world.content = late_content(cycle, command, cached);
    }
    return world;
}

static bool find_application(struct cycle *cycle, struct batch_command *command,
                             struct cached **cached)
{
    const Bl__Command *what = command->command;
    uint64_t id = what->application_id;
    struct bl_error e = { 0 };
    enum bl_err err = BL_OK;

    if (id == 0) {
        err = read_number(store_write_read(cycle->write), what->application, &id, &e);
    }
    if (err == BL_OK) {
        err = cycle_load(cycle, id, cached, &e);
    }
    if (err != BL_OK) {
        refuse_error(cycle, command, err, what->application);
    }
    return err == BL_OK;
}

/* What else a few commands ask for. */
static void look_up(struct cycle *cycle, const struct batch_command *command,
                    const struct cached *cached, struct world *world,
                    struct catalog_version *target)
{
    const Bl__Command *what = command->command;

    if (what->what_case == BL__COMMAND__WHAT_URGE && cached->state->project[0] != '\0') {
        const struct cached *project = cycle_project(cycle, cached->state->project);

        world->project = project == NULL ? NULL : project->any;
    }
    if (what->what_case == BL__COMMAND__WHAT_MIGRATE && what->migrate->version != 0 &&
        catalog_find(cycle->catalog, cached->state->workflow, what->migrate->version, target,
                     NULL) == BL_OK) {
        world->target = target->definition;
        world->target_calendar = target->calendar;
    }
}

/* Somebody has read the application and decides on what he saw. */
static bool has_changed(struct cycle *cycle, struct batch_command *command,
                        const Bl__Application *application)
{
    uint32_t expected = command->command->if_revision;

    if (expected == 0 || expected == application->revision) {
        return false;
    }
    cycle_refuse_with(cycle, command, BL_STALE, "revision-stale", application->number);
    (void)refusal_argument(cycle->arena, command->answer.refusal, "revision",
                           bl_arena_printf(cycle->arena, "%u", application->revision));
    return true;
}

/* There is a further version of its content. Items that read what a correction has changed are
 * offered anew; a paper that was to follow changes what waits, and no more. */
static void note_correction(struct cycle *cycle, struct cached *cached, const Bl__Event *event)
{
    if (event->what_case != BL__EVENT__WHAT_CORRECTED) {
        cached->is_corrected = true;
        return;
    }
    for (size_t i = 0; i < event->corrected->n_changes; i++) {
        const Bl__ItemChange *change = event->corrected->changes[i];

        if (change->n_changed == 0) {
            continue;
        }
        if (cached->rereads == NULL) {
            cached->rereads = bl_arena_array(cycle->arena, bool, cached->state->n_items);
        }
        cached->rereads[change->item] = true;
    }
}

static void run_application(struct cycle *cycle, struct batch_command *command)
{
    struct catalog_version target = { 0 };
    struct cached *cached;

    if (!find_application(cycle, command, &cached) || has_changed(cycle, command, cached->state)) {
        return;
    }
    struct world world = cycle_world(cycle, command, cached);
    if (makes_content(command->command->what_case)) {
        world.salt = cycle_salt(cycle);
    }
    look_up(cycle, command, cached, &world, &target);
    struct ruling ruling =
        application_aggregate.decide(&world, cached->state, command->command, cycle->arena);
    if (ruling.refusal != NULL) {
        cycle_refuse(command, ruling.refusal);
        return;
    }
    command->answer.warnings = ruling.warnings;
    command->answer.n_warnings = ruling.warning_count;
    if (cycle_would(command, ruling.event)) {
        command->answer.application_id = cached->id;
        command->answer.application = bl_arena_string(cycle->arena, cached->state->number);
        return;
    }
    cycle_apply(cycle, cached, ruling.event);
    if (ruling.event->what_case == BL__EVENT__WHAT_MIGRATED) {
        cached->version = target;
        cached->migrated = true;
    }
    cycle_follow(cycle, cached, ruling.event);
    if (ruling.content.at != NULL) {
        cycle_store_content(cycle, cached->id, cached->state->contents, world.salt, ruling.content);
        cached->content = ruling.content;
        note_correction(cycle, cached, ruling.event);
    }
    command->answer.event = ruling.event->seq;
    command->answer.application_id = cached->id;
    command->answer.application = bl_arena_string(cycle->arena, cached->state->number);
}

static void store_source(struct cycle *cycle, const Bl__Publish *publish,
                         const Bl__Publication *publication)
{
    struct bl_text source = { (const char *)publish->source.data, publish->source.len };

    store_write_put(
        cycle->write, TABLE_SOURCES,
        key_of_source(publication->kind, publication->id, publication->version, cycle->arena),
        record_seal_bytes(source, cycle->arena));
}

static void run_directory(struct cycle *cycle, struct batch_command *command)
{
    const Bl__Command *what = command->command;
    struct publication_check check;
    struct world world = cycle_world(cycle, command, NULL);

    if (what->what_case == BL__COMMAND__WHAT_PUBLISH) {
        struct publication_context context = catalog_context(cycle->catalog);

        check = publication_read(what->publish, &context, cycle->arena);
        world.publication = &check;
    }
    struct ruling ruling = directory_aggregate.decide(&world, cycle->directory, what, cycle->arena);
    if (ruling.refusal != NULL) {
        cycle_refuse(command, ruling.refusal);
        return;
    }
    if (ruling.event == NULL) {
        command->answer.event = cycle->directory->last_event;
        command->answer.repeated = true;
        return;
    }
    if (cycle_would(command, ruling.event)) {
        return;
    }
    cycle_record(cycle, ruling.event, BL__AGGREGATE__DIRECTORY, DIRECTORY_ID,
                 cycle->directory->last_event);
    directory_aggregate.evolve(cycle->directory, ruling.event, &cycle->directory_arena);
    cycle->directory_touched = true;
    cycle->catalog_touched |=
        what->what_case == BL__COMMAND__WHAT_PUBLISH || what->what_case == BL__COMMAND__WHAT_RETIRE;
    command->answer.event = ruling.event->seq;
    if (what->what_case == BL__COMMAND__WHAT_PUBLISH) {
        cycle_recompute_begin(cycle, ruling.event);
        store_source(cycle, what->publish, ruling.event->published->publication);
    }
}

static void run_what(struct cycle *cycle, struct batch_command *command)
{
    const struct aggregate *aggregate = aggregate_of_command(command->command->what_case);

    if (aggregate == NULL) {
        cycle_refuse_with(cycle, command, BL_MALFORMED, "command-unknown", "");
    } else if (command->command->what_case == BL__COMMAND__WHAT_SUBMIT) {
        cycle_submit(cycle, command);
    } else if (aggregate == &application_aggregate) {
        run_application(cycle, command);
    } else if (aggregate == &directory_aggregate) {
        run_directory(cycle, command);
    } else {
        cycle_aggregate(cycle, command, aggregate);
    }
}

/* A gateway says for whom it speaks, and that stands in each event. */
static bool actor_is_long(const Bl__Actor *actor)
{
    return actor != NULL &&
           (strlen(actor->department) > ACTOR_BYTES_MAX || strlen(actor->post) > ACTOR_BYTES_MAX ||
            strlen(actor->on_behalf_of) > ACTOR_BYTES_MAX);
}

/* A gateway may do what the person may for whom it speaks, if it says who that is. */
static bool may(const struct principal *principal, const Bl__Command *what)
{
    bool speaks = principal->role == BL__KEY__ROLE__GATEWAY && what->actor != NULL &&
                  what->actor->role != BL__KEY__ROLE__ROLE_UNSPECIFIED;

    return principal_may(principal, what->what_case) &&
           (!speaks || principal_role_may(what->actor->role, what->what_case));
}

void cycle_command(struct cycle *cycle, struct batch_command *command)
{
    const Bl__Command *what = command->command;
    struct request request;
    bool has_id = what->request_id[0] != '\0';

    if (what->what_case != BL__COMMAND__WHAT__NOT_SET && !may(command->principal, what)) {
        cycle_refuse_with(cycle, command, BL_DENIED, "role-may-not", "");
        command->answer.refusal->who_may = principal_who_may(what->what_case);
        return;
    }
    if (actor_is_long(what->actor)) {
        cycle_refuse_with(cycle, command, BL_TOO_LARGE, "command", "actor");
        return;
    }
    const char *offender = plain_offender(what);
    if (offender != NULL) {
        cycle_refuse_with(cycle, command, BL_INVALID, "control-character", offender);
        return;
    }
    if (what->what_case == BL__COMMAND__WHAT_SUBMIT && !has_id) {
        cycle_refuse_with(cycle, command, BL_INVALID, "request-id-required", "request_id");
        return;
    }
    has_id &= !what->dry_run;
    if (has_id && cycle_request_begin(cycle, command, &request)) {
        return;
    }
    run_what(cycle, command);
    if (has_id && command->answer.refusal == NULL) {
        cycle_request_end(cycle, command, &request);
    }
}
