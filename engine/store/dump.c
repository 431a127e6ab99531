#include "store/dump.h"

#include <inttypes.h>
#include <string.h>

#include "core/application.h"
#include "core/countdown.h"
#include "core/project.h"
#include "core/referral.h"
#include "schema/json.h"
#include "schema/writer.h"
#include "store/checkpoint.h"
#include "store/history.h"
#include "store/kind.h"
#include "store/read.h"
#include "store/record.h"

struct dumping {
    struct store_read *read;
    FILE *out;
    struct writer line;
    struct bl_arena arena;
    bool failed;  // to write
};

static void begin(struct dumping *d, const char *kind)
{
    writer_reset(&d->line);
    writer_open_object(&d->line);
    writer_key(&d->line, "kind");
    writer_string(&d->line, kind);
}

static void end(struct dumping *d)
{
    writer_close(&d->line);
    d->failed |=
        fwrite(d->line.at, 1, d->line.bytes, d->out) != d->line.bytes || fputc('\n', d->out) == EOF;
}

static void text(struct dumping *d, const char *key, const char *value)
{
    writer_key(&d->line, key);
    writer_string(&d->line, value);
}

static void text_or_null(struct dumping *d, const char *key, const char *value)
{
    writer_key(&d->line, key);
    if (value == NULL) {
        writer_null(&d->line);
    } else {
        writer_string(&d->line, value);
    }
}

static void moment(struct dumping *d, const char *key, bl_time at)
{
    writer_key(&d->line, key);
    if (at == 0 || at == BL_NEVER) {
        writer_null(&d->line);
    } else {
        writer_integer(&d->line, at / MILLISECOND_US);
    }
}

static void enumerator(struct dumping *d, const char *key,
                       const ProtobufCEnumDescriptor *descriptor, int value)
{
    char name[JSON_ENUM_BYTES_MAX];

    text(d, key, json_enum_name(descriptor, value, name));
}

/* --- applications ------------------------------------------------------------------------------
 */

/* Where the item stood when an event was made: a migration puts items into another order. -1: it
 * was not there. */
static int place_at(Bl__Event *const *events, uint32_t event, const char *id)
{
    Bl__Item *const *items = events[0]->submitted->items;
    size_t count = events[0]->submitted->n_items;

    for (uint32_t i = 1; i < event; i++) {
        if (events[i]->what_case == BL__EVENT__WHAT_MIGRATED) {
            items = events[i]->migrated->items;
            count = events[i]->migrated->n_items;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(items[i]->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* What a machine said of an item under its attempt: it decided, or did its step of it. */
struct said {
    uint32_t item;
    const char *attempt;  // NULL: the event is no such thing
    bool approves;
};

static struct said said_in(const Bl__Event *event)
{
    switch ((int)event->what_case) {
    case BL__EVENT__WHAT_DECIDED:
        return (struct said){ event->decided->item, event->decided->attempt,
                              event->decided->result != BL__ITEM__RESULT__DENIED };
    case BL__EVENT__WHAT_STEP_SIGNED:
        return (struct said){ event->step_signed->item,
                              event->step_signed->attempt[0] == '\0' ? NULL
                                                                     : event->step_signed->attempt,
                              event->step_signed->approves };
    case BL__EVENT__WHAT_PASSED_UP:
        return (struct said){ event->passed_up->item, event->passed_up->attempt, true };
    default:
        return (struct said){ 0 };
    }
}

static void decisions(struct dumping *d, Bl__Event *const *events, uint32_t count, const char *id)
{
    writer_key(&d->line, "decisions");
    writer_open_list(&d->line);
    for (uint32_t i = 0; i < count; i++) {
        struct said said = said_in(events[i]);

        if (said.attempt == NULL || (int)said.item != place_at(events, i, id)) {
            continue;
        }
        writer_open_object(&d->line);
        text(d, "lease", said.attempt);
        text(d, "decision", said.approves ? "approve" : "reject");
        writer_key(&d->line, "effective");
        writer_bool(&d->line, true);
        writer_close(&d->line);
    }
    writer_close(&d->line);
}

static bl_time due_of(const Bl__Clock *clock)
{
    return clock == NULL ? 0 : clock->due_at;
}

static void dump_item(struct dumping *d, const Bl__Application *application, uint32_t index,
                      Bl__Event *const *events)
{
    const Bl__Item *item = application->items[index];

    begin(d, "item");
    text(d, "app", application->number);
    text(d, "item", item->id);
    enumerator(d, "state", &bl__item__state__descriptor, (int)item->state);
    if (item->result != BL__ITEM__RESULT__RESULT_UNSPECIFIED) {
        enumerator(d, "result", &bl__item__result__descriptor, (int)item->result);
    }
    moment(d, "deadline_ms", due_of(item->promise));
    moment(d, "promise_ms", due_of(item->promise));
    moment(d, "legal_ms", due_of(item->legal));
    decisions(d, events, application->revision, item->id);
    end(d);
}

/* The item whose clock changes next; NULL for the whole. */
static const char *next_item(const Bl__Application *application, bl_time at)
{
    for (size_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        if (countdown_next(item->promise) == at || countdown_next(item->legal) == at) {
            return item->id;
        }
    }
    return NULL;
}

static void dump_timer(struct dumping *d, const Bl__Application *application)
{
    bl_time at = application_aggregate.next(application);

    if (at == BL_NEVER) {
        return;
    }
    begin(d, "timer");
    text(d, "app", application->number);
    text_or_null(d, "item", next_item(application, at));
    moment(d, "at_ms", at);
    end(d);
}

static void dump_application(struct dumping *d, const Bl__Application *application)
{
    Bl__Event **events;
    struct bl_error e = { 0 };

    if (history_read(d->read, BL__AGGREGATE__APPLICATION, application->id, application->last_event,
                     application->revision, &d->arena, &events, &e) != BL_OK) {
        begin(d, "damaged");
        text(d, "app", application->number);
        text(d, "error", e.text);
        end(d);
        return;
    }
    begin(d, "app");
    text(d, "app", application->number);
    text(d, "key", events[0]->submitted->request_id);
    enumerator(d, "state", &bl__application__state__descriptor,
               (int)application_state(application));
    end(d);
    for (uint32_t i = 0; i < application->n_items; i++) {
        dump_item(d, application, i, events);
    }
    dump_timer(d, application);
}

static bool visit_application(void *context, struct bl_text key, struct bl_text value)
{
    struct dumping *d = context;
    ProtobufCMessage *message;
    struct bl_error e = { 0 };

    bl_arena_reset(&d->arena);
    if (record_unpack(value, &bl__application__descriptor, &d->arena, &message, &e) == BL_OK) {
        dump_application(d, (const Bl__Application *)message);
    } else {
        begin(d, "damaged");
        writer_key(&d->line, "id");
        writer_unsigned(&d->line, key_read_u64(key.at));
        text(d, "error", e.text);
        end(d);
    }
    return !d->failed;
}

/* --- projects, referrals, bookings: one line each, with the next moment in it --------------------
 */

struct others {
    struct dumping *d;
    const struct kind *kind;
};

/* What people call it. */
static void dump_name(struct dumping *d, Bl__Aggregate kind, const void *state)
{
    const Bl__Booking *booking = state;
    char day[BL_TIME_TEXT];

    if (kind == BL__AGGREGATE__PROJECT) {
        text(d, "code", ((const Bl__Project *)state)->code);
        text(d, "state", project_is_open(state) ? "open" : "closed");
    } else if (kind == BL__AGGREGATE__REFERRAL) {
        text(d, "department", ((const Bl__Referral *)state)->to_department);
        text(d, "state", referral_is_open(state) ? "open" : "handed_over");
    } else {
        text(d, "window", booking->window);
        text(d, "day", bl_day_format(booking->day, day));
    }
}

static bool visit_other(void *context, struct bl_text key, struct bl_text value)
{
    const struct others *others = context;
    struct dumping *d = others->d;
    const struct aggregate *aggregate = aggregate_find(others->kind->kind);
    ProtobufCMessage *state;
    struct bl_error e = { 0 };

    bl_arena_reset(&d->arena);
    bool whole = record_unpack(value, aggregate->state, &d->arena, &state, &e) == BL_OK;
    begin(d, whole ? others->kind->name : "damaged");
    writer_key(&d->line, "id");
    writer_unsigned(&d->line, key_read_u64(key.at));
    if (whole) {
        dump_name(d, others->kind->kind, state);
        writer_key(&d->line, "revision");
        writer_unsigned(&d->line, aggregate_revision(aggregate, state));
        moment(d, "next_ms", aggregate->next(state));
    } else {
        text(d, "error", e.text);
    }
    end(d);
    return !d->failed;
}

static enum bl_err dump_others(struct dumping *d, struct bl_error *e)
{
    enum bl_err err = BL_OK;

    for (size_t i = BL__AGGREGATE__APPLICATION + 1; i < AGGREGATE_COUNT && err == BL_OK; i++) {
        struct others others = { d, kind_find((Bl__Aggregate)i) };

        err = read_scan(d->read, others.kind->states, (struct bl_text){ NULL, 0 }, visit_other,
                        &others, e);
    }
    return err;
}

/* --- events and the chain ----------------------------------------------------------------------
 */

static void dump_event(struct dumping *d, const Bl__Event *event)
{
    Bl__Application *application = NULL;
    int item = application_event_item(event);
    const ProtobufCFieldDescriptor *what =
        protobuf_c_message_descriptor_get_field(&bl__event__descriptor, event->what_case);

    if (event->aggregate == BL__AGGREGATE__APPLICATION &&
        read_application(d->read, event->id, &d->arena, &application, NULL) != BL_OK) {
        application = NULL;
    }
    begin(d, "event");
    writer_key(&d->line, "seq");
    writer_unsigned(&d->line, event->seq);
    text_or_null(d, "app", application == NULL ? NULL : application->number);
    text_or_null(d, "type", what == NULL ? NULL : what->name);
    text_or_null(d, "item",
                 application == NULL || item < 0 || (size_t)item >= application->n_items
                     ? NULL
                     : application->items[item]->id);
    moment(d, "at_ms", event->at);
    if (event->aggregate > BL__AGGREGATE__APPLICATION && kind_find(event->aggregate) != NULL) {
        text(d, "aggregate", kind_find(event->aggregate)->name);
        writer_key(&d->line, "id");
        writer_unsigned(&d->line, event->id);
    }
    end(d);
}

static bool visit_event(void *context, struct bl_text key, struct bl_text value)
{
    struct dumping *d = context;
    ProtobufCMessage *message;
    struct bl_error e = { 0 };

    bl_arena_reset(&d->arena);
    if (record_unpack(value, &bl__event__descriptor, &d->arena, &message, &e) == BL_OK) {
        dump_event(d, (const Bl__Event *)message);
    } else {
        begin(d, "damaged");
        writer_key(&d->line, "seq");
        writer_unsigned(&d->line, key_read_u64(key.at));
        text(d, "error", e.text);
        end(d);
    }
    return !d->failed;
}

static const char *hexadecimal(struct bl_arena *arena, ProtobufCBinaryData bytes)
{
    char *hex = bl_arena_alloc(arena, bytes.len * 2 + 1);

    for (size_t i = 0; i < bytes.len; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
    }
    return hex;
}

/* The stored bytes of a batch's events, as they were hashed. */
static struct bl_text body_of(struct dumping *d, const Bl__ChainEntry *entry)
{
    struct bl_text record;
    size_t bytes = 0;

    for (uint64_t seq = entry->first; seq <= entry->last; seq++) {
        bytes += read_event_record(d->read, seq, &record, NULL) == BL_OK ? record.bytes : 0;
    }
    char *body = bl_arena_alloc(&d->arena, bytes + 1), *at = body;
    for (uint64_t seq = entry->first; seq <= entry->last; seq++) {
        if (read_event_record(d->read, seq, &record, NULL) == BL_OK) {
            memcpy(at, record.at, record.bytes);
            at += record.bytes;
        }
    }
    return (struct bl_text){ body, bytes };
}

static bool visit_batch(void *context, struct bl_text key, struct bl_text value)
{
    struct dumping *d = context;
    ProtobufCMessage *message;

    (void)key;
    bl_arena_reset(&d->arena);
    if (record_unpack(value, &bl__chain_entry__descriptor, &d->arena, &message, NULL) != BL_OK) {
        return true;  // `verify` names it
    }
    const Bl__ChainEntry *entry = (const Bl__ChainEntry *)message;
    struct bl_text body = body_of(d, entry);
    begin(d, "audit");
    writer_key(&d->line, "seq");
    writer_unsigned(&d->line, entry->last);
    text(d, "alg", entry->alg);
    text(d, "prev", hexadecimal(&d->arena, entry->previous));
    writer_key(&d->line, "body");
    writer_base64(&d->line, body.at, body.bytes);
    text(d, "hash", hexadecimal(&d->arena, entry->hash));
    if (checkpoint_is_signed(entry)) {
        writer_key(&d->line, "at");
        writer_integer(&d->line, entry->at);
        text(d, "signer", hexadecimal(&d->arena, entry->signer));
        text(d, "signature", hexadecimal(&d->arena, entry->signature));
    }
    end(d);
    return !d->failed;
}

static enum bl_err dump_begin(struct dumping *d, struct store *store, FILE *out, struct bl_error *e)
{
    *d = (struct dumping){ .out = out };
    bl_arena_init(&d->arena, 1 << 14, SIZE_MAX);
    writer_init(&d->line, WRITER_JSON);
    return store_read_begin(store, &d->read, e);
}

static enum bl_err dump_end(struct dumping *d, enum bl_err err, struct bl_error *e)
{
    store_read_end(&d->read);
    writer_free(&d->line);
    bl_arena_free(&d->arena);
    if (err == BL_OK && (d->failed || fflush(d->out) != 0)) {
        err = bl_error_set(e, BL_IO, "the dump cannot be written");
    }
    return err;
}

enum bl_err dump_store(struct store *store, FILE *out, struct bl_error *e)
{
    struct dumping d;
    struct bl_text start = { NULL, 0 };
    enum bl_err err = dump_begin(&d, store, out, e);

    if (err == BL_OK) {
        err = read_scan(d.read, TABLE_APPLICATIONS, start, visit_application, &d, e);
    }
    if (err == BL_OK) {
        err = dump_others(&d, e);
    }
    if (err == BL_OK) {
        err = read_scan(d.read, TABLE_EVENTS, start, visit_event, &d, e);
    }
    if (err == BL_OK) {
        err = read_scan(d.read, TABLE_CHAIN, start, visit_batch, &d, e);
    }
    return dump_end(&d, err, e);
}

enum bl_err dump_chain(struct store *store, uint64_t from, FILE *out, struct bl_error *e)
{
    struct dumping d;
    struct key key = key_of_id(from);
    enum bl_err err = dump_begin(&d, store, out, e);

    if (err == BL_OK) {
        err = read_scan(d.read, TABLE_CHAIN, key_text(&key), visit_batch, &d, e);
    }
    return dump_end(&d, err, e);
}
