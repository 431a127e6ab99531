/* Request ids: what was done once is answered again and never done twice. */
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "broker/cycle_state.h"
#include "core/application.h"
#include "store/record.h"

/* What the command asks for, without the caller's own numbering. */
static uint64_t fingerprint_of(struct cycle *cycle, const struct batch_command *command)
{
    Bl__Command plain = *command->command;
    Bl__Submit submit;

    plain.tag = 0;
    plain.actor = NULL;
    if (plain.what_case == BL__COMMAND__WHAT_SUBMIT) {
        submit = *plain.submit;
        submit.report_end = false;  // whoever asks again may want to hear of the end too
        plain.submit = &submit;
    }
    size_t bytes = bl__command__get_packed_size(&plain);
    uint8_t *packed = bl_arena_alloc(cycle->arena, bytes);
    bl__command__pack(&plain, packed);
    const char *name = command->principal->name;
    return XXH3_64bits_withSeed(packed, bytes, XXH3_64bits(name, strlen(name)));
}

/* Answers as it was answered before: from the state, since answers are not stored. */
static void answer_again(struct cycle *cycle, struct batch_command *command, uint64_t event,
                         uint64_t application)
{
    struct cached *cached;

    command->answer.event = event;
    command->answer.application_id = application;
    command->answer.repeated = true;
    if (application != 0 && cycle_load(cycle, application, &cached, NULL) == BL_OK) {
        command->answer.application = bl_arena_string(cycle->arena, cached->state->number);
        command->answer.promise_at =
            cached->state->promise == NULL ? 0 : cached->state->promise->due_at;
        if (!application_is_open(cached->state)) {
            cycle_concluded(cycle, cached);  // and who waits for the end hears of it
        }
    }
}

/* Has this request been seen? Then it is answered here. */
static bool request_is_known(struct cycle *cycle, struct batch_command *command,
                             const struct request *request)
{
    const struct request_seen *seen = bl_map_get(&cycle->requests, request->id_hash);
    Bl__StoredRequest *stored;
    uint64_t fingerprint, event, application, id;

    if (seen != NULL) {
        fingerprint = seen->fingerprint;
        event = seen->answer->event;
        application = seen->answer->application_id;
        id = seen->answer->id;
    } else {
        struct bl_error e = { 0 };
        enum bl_err err =
            request_find(store_write_read(cycle->write), &request->key, cycle->arena, &stored, &e);

        if (err == BL_NOT_FOUND) {
            return false;
        }
        if (err != BL_OK) {
            cycle_refuse_with(cycle, command, err, "record-damaged", "request_id");
            return true;
        }
        fingerprint = stored->fingerprint;
        event = stored->event;
        application = stored->application;
        id = stored->id;
    }
    if (fingerprint != request->fingerprint) {
        cycle_refuse_with(cycle, command, BL_REUSED, "request-reused", "request_id");
    } else {
        answer_again(cycle, command, event, application);
        command->answer.id = id;
    }
    return true;
}

/* Reads the id of a command. Returns whether the command was answered already. */
bool cycle_request_begin(struct cycle *cycle, struct batch_command *command,
                         struct request *request)
{
    struct bl_error e = { 0 };
    enum bl_err err = request_key(command->command->request_id, cycle->now, &request->key, &e);

    if (err != BL_OK) {
        cycle_refuse_with(cycle, command, err,
                          err == BL_INVALID ? "request-id-long" : "request-id-future",
                          "request_id");
        return true;
    }
    request->id_hash = XXH3_64bits(request->key.at.bytes, request->key.at.count) | 1;
    request->fingerprint = fingerprint_of(cycle, command);
    return request_is_known(cycle, command, request);
}

/* The command was done: its id is kept. */
void cycle_request_end(struct cycle *cycle, const struct batch_command *command,
                       const struct request *request)
{
    struct request_seen *seen = bl_arena_new(cycle->arena, struct request_seen);
    Bl__StoredRequest stored = BL__STORED_REQUEST__INIT;

    *seen = (struct request_seen){ request->fingerprint, &command->answer };
    bl_map_put(&cycle->requests, request->id_hash, seen);
    stored.fingerprint = request->fingerprint;
    stored.event = command->answer.event;
    stored.application = command->answer.application_id;
    stored.id = command->answer.id;
    store_write_put(cycle->write, TABLE_REQUESTS, key_keep(&request->key.at, cycle->arena),
                    record_seal_message(&stored.base, cycle->arena));
}
