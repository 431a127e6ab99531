/* What leaves because a batch is on disk. */
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "broker/front_state.h"
#include "core/notice.h"
#include "wire/attempt.h"

/* --- tasks ------------------------------------------------------------------------------------ */

void front_dispatch(struct front *front)
{
    front->more_to_dispatch = dispatch_run(front->dispatch, front->wall);
}

/* A task's contents while it waits: within BODIES_BYTES_MAX they are not read from the store again.
 */
struct body {
    size_t bytes;
    char at[];
};

static void *make_body(void *context, const struct task_source *source)
{
    struct front *front = context;
    struct bl_text text = task_body(source, &front->scratch);

    if (text.at == NULL || front->bodies_bytes + text.bytes > BODIES_BYTES_MAX) {
        return NULL;
    }
    struct body *body = malloc(sizeof *body + text.bytes);

    CHECK(body != NULL);
    body->bytes = text.bytes;
    memcpy(body->at, text.at, text.bytes);
    front->bodies_bytes += text.bytes;
    return body;
}

static void forget_body(void *context, void *body)
{
    struct front *front = context;

    front->bodies_bytes -= ((struct body *)body)->bytes;
    free(body);
}

static bool effect_source(const struct effect *effect, struct task_source *source)
{
    if (effect == NULL || effect->content.at == NULL) {
        return false;
    }
    *source = (struct task_source){
        .definition = effect->definition,
        .item = effect->item,
        .number = effect->number,
        .promise_due = effect->promise_due,
        .legal_due = effect->legal_due,
        .failures = effect->failures,
        .content = effect->content,
        .step = effect->step,
        .round = effect->round,
        .needs = effect->needs,
        .need_count = effect->need_count,
    };
    return true;
}

static void keep_waiting(struct front *front, const struct batch *batch)
{
    for (size_t i = 0; i < batch->effect_count; i++) {
        const struct effect *effect = &batch->effects[i];
        struct task_source source;

        if (effect->kind == EFFECT_TASK_READY &&
            dispatch_wants_body(front->dispatch, effect->application, effect->item) &&
            effect_source(effect, &source)) {
            dispatch_keep(front->dispatch, effect->application, effect->item,
                          make_body(front, &source));
        }
    }
}

/* The body of a task that goes out; at = NULL if nobody has to work on it any more. */
static struct bl_text body_of(struct front *front, const struct dispatch_grant *grant)
{
    const struct body *body = grant->body;
    struct task_source source;

    if (body != NULL) {
        return (struct bl_text){ body->at, body->bytes };
    }
    if (!effect_source(grant->hint, &source) &&
        !desk_task(front->config.desk, grant->application, grant->item, &source)) {
        return (struct bl_text){ NULL, 0 };
    }
    struct bl_text made = task_body(&source, &front->scratch);

    CHECK(made.at != NULL);  // COMMAND_BYTES_MAX sees to it
    return made;
}

static enum dispatch_sent send_task(void *context, const struct dispatch_grant *grant)
{
    struct front *front = context;
    struct session *session = session_find(&front->sessions, grant->worker);

    CHECK(session != NULL);
    if (session->full) {
        return DISPATCH_FULL;
    }
    struct bl_text body = body_of(front, grant);

    if (body.at == NULL) {
        return DISPATCH_OVER;
    }
    session_wait(&front->sessions, session);
    if (!task_add(&session->out, body, grant->attempt, &front->scratch)) {
        session->full = true;  // until it is flushed
        return DISPATCH_FULL;
    }
    return DISPATCH_SENT;
}

static void revoke_task(void *context, uint64_t worker, uint64_t attempt)
{
    struct front *front = context;
    struct session *session = session_find(&front->sessions, worker);
    char text[ATTEMPT_TEXT_BYTES];

    if (session != NULL) {
        (void)front_tell_text(front, session, WIRE_TASK_REVOKED, attempt_format(attempt, text));
    }
}

static size_t scan(void *context, const char *department, struct edf_key from,
                   struct backlog_row *rows, size_t capacity)
{
    struct front *front = context;

    return desk_scan(front->config.desk, department, from, rows, capacity, make_body, front);
}

static bool find(void *context, const char *department, const char *task, struct backlog_row *row)
{
    struct front *front = context;

    return desk_find(front->config.desk, department, task, row);
}

struct dispatch_port front_port(struct front *front)
{
    return (struct dispatch_port){
        .context = front,
        .scan = scan,
        .find = find,
        .send = send_task,
        .forget = forget_body,
        .revoke = revoke_task,
    };
}

/* --- what a batch has made ------------------------------------------------------------------ */

void front_renew_keys(struct front *front)
{
    const Bl__Directory *directory = desk_directory(front->config.desk, &front->arena);

    if (directory != NULL) {
        keyring_rebuild(front->config.keyring, directory);
        front_review_keys(front);
    }
}

static void take_effect(struct front *front, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_TASK_READY: {
        const char *lane = notice_of_task(effect->item) != 0
                               ? NOTICE_LANE
                               : effect->definition->items[effect->item].id;
        struct edf_key key = { effect->due, effect->application, effect->item };

        dispatch_ready(front->dispatch, effect->department, lane, key, effect->not_before, effect,
                       front->wall);
        return;
    }
    case EFFECT_TASK_GONE:
        dispatch_gone(front->dispatch, effect->application, effect->item);
        return;
    case EFFECT_CONCLUDED:
        return;  // told after the answers: front_report
    case EFFECT_DIRECTORY:
        front_renew_keys(front);
        return;
    }
    UNREACHABLE();
}

static enum dispatch_outcome outcome_of(const struct batch_command *command)
{
    Bl__Command__WhatCase what = command->command->what_case;

    if (command->answer.refusal == NULL) {
        return what == BL__COMMAND__WHAT_DECIDE || what == BL__COMMAND__WHAT_FAIL ||
                       what == BL__COMMAND__WHAT_SEND_NOTICE ||
                       what == BL__COMMAND__WHAT_FAIL_NOTICE
                   ? OUTCOME_DONE
                   : OUTCOME_ACTED;
    }
    enum bl_err code = bl_err_from_name(command->answer.refusal->code);

    return code == BL_FULL || code == BL_UNAVAILABLE ? OUTCOME_NOT_TAKEN : OUTCOME_REFUSED;
}

static void acknowledge(struct front *front, const struct batch_command *command)
{
    Bl__Acknowledgement acknowledgement = BL__ACKNOWLEDGEMENT__INIT;
    char attempt[ATTEMPT_TEXT_BYTES];
    struct session *session = session_find(&front->sessions, command->session);

    dispatch_settle(front->dispatch, command->lease, outcome_of(command), front->wall);
    if (session != NULL) {
        acknowledgement.attempt = attempt_format(command->lease, attempt);
        acknowledgement.event = command->answer.event;
        acknowledgement.refusal = command->answer.refusal;
        (void)front_tell(front, session, WIRE_TASK_ACKNOWLEDGEMENTS, &acknowledgement.base);
    }
}

static void answer(struct front *front, const struct batch_command *command)
{
    struct session *session = session_find(&front->sessions, command->session);

    if (command->lease != 0) {
        acknowledge(front, command);
    } else if (session != NULL) {
        session_answered(session);
        front_report_begin(front, command);
        (void)front_tell_answer(front, session, &command->answer);
    }
}

void front_publish_newest(struct front *front)
{
    uint8_t bytes[sizeof front->newest_event];

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(front->newest_event >> (8 * i));
    }
    // A subscriber that does not read misses numbers, never the newest that it reads after.
    (void)zmq_send(front->publish, bytes, sizeof bytes, ZMQ_DONTWAIT);
    front->published_event = front->newest_event;
}

void front_finish(struct front *front, struct batch *batch, enum bl_err outcome)
{
    front->batches++;
    front->newest_event = batch->newest_event;
    front->next_timer = batch->next_timer;
    front->timers_due = batch->timers_due > 0;
    if (outcome == BL_FULL) {  // what is due stays due, but there is no hurry
        front->next_timer = front->wall + SECOND_US;
        front->timers_due = false;
    }
    for (size_t i = 0; i < batch->effect_count; i++) {  // when full: of the parts before
        take_effect(front, &batch->effects[i]);
    }
    for (size_t i = 0; i < batch->command_count; i++) {
        answer(front, &batch->commands[i]);
    }
    front_report(front, batch);
    front_dispatch(front);
    keep_waiting(front, batch);
    dispatch_round(front->dispatch);  // the effects that tasks pointed to are gone with the batch
    if (front->published_event != front->newest_event) {
        front_publish_newest(front);
    }
}
