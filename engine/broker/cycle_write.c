/* The rows that a part of a batch leaves behind: what differs between before and after. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "broker/cycle_state.h"
#include "broker/task_message.h"
#include "core/application.h"
#include "core/directory.h"
#include "core/notice.h"
#include "store/read.h"
#include "store/record.h"

#define CHAIN_ALGORITHM "blake2b-256"

static void add_count(struct cycle *cycle, const struct projection_count *count, int64_t sign)
{
    for (size_t i = 0; i < cycle->count_count; i++) {
        struct projection_count *sum = &cycle->counts[i];

        if (strcmp(sum->name, count->name) == 0 &&
            strcmp(sum->department, count->department) == 0) {
            sum->value += sign * count->value;
            return;
        }
    }
    if (cycle->count_count == cycle->count_capacity) {
        cycle->count_capacity = cycle->count_capacity == 0 ? 64 : cycle->count_capacity * 2;
        cycle->counts = realloc(cycle->counts, cycle->count_capacity * sizeof *cycle->counts);
        CHECK(cycle->counts != NULL);
    }
    cycle->counts[cycle->count_count++] =
        (struct projection_count){ count->name, count->department, sign * count->value };
}

/* One copy for all effects of the batch: the state may change while they are on their way. */
static const char *number_of(struct cycle *cycle, struct cached *cached)
{
    if (!cached->touched) {  // nobody would forget it with the batch
        return bl_arena_string(cycle->arena, cached->state->number);
    }
    if (cached->number == NULL) {
        cached->number = bl_arena_string(cycle->arena, cached->state->number);
    }
    return cached->number;
}

static void effect_gone(struct cycle *cycle, const struct cached *cached, uint32_t item)
{
    struct effect *effect = batch_effect(cycle->batch, EFFECT_TASK_GONE);

    effect->application = cached->id;
    effect->item = item;
}

/* An item whose second leg is above is another department's than its definition's. */
static const char *department_of(struct cycle *cycle, const struct cached *cached, uint32_t index)
{
    const char *now = cached->state->items[index]->department;
    const char *defined = cached->version.definition->items[index].department;

    return strcmp(now, defined) == 0 ? defined : bl_arena_string(cycle->arena, now);
}

/* What the applicant is to be told; its contents are read when a worker has room for it. */
static void effect_notice(struct cycle *cycle, struct cached *cached, uint32_t task)
{
    struct effect *effect = batch_effect(cycle->batch, EFFECT_TASK_READY);
    const Bl__Notice *notice = notice_find(cached->state, notice_of_task(task));

    effect->application = cached->id;
    effect->item = task;
    effect->due = notice->at;
    effect->not_before = notice->retry_at;
    effect->department = bl_arena_string(cycle->arena, notice->channel);
    effect->content = (struct bl_text){ NULL, 0 };
}

static void effect_ready(struct cycle *cycle, struct cached *cached, uint32_t index)
{
    if (notice_of_task(index) != 0) {
        effect_notice(cycle, cached, index);
        return;
    }
    struct effect *effect = batch_effect(cycle->batch, EFFECT_TASK_READY);
    const Bl__Item *item = cached->state->items[index];

    effect->application = cached->id;
    effect->item = index;
    effect->due = application_item_due(item);
    effect->not_before = item->retry_at;
    effect->definition = cached->version.definition;
    effect->need_count = task_needs(&cached->version.definition->items[index], cached->state,
                                    &effect->needs, cycle->arena);
    effect->department = department_of(cycle, cached, index);
    effect->step = item->desk == NULL ? 0 : item->desk->step;
    effect->round = item->desk == NULL ? 0 : item->desk->round;
    effect->number = number_of(cycle, cached);
    effect->promise_due = item->promise == NULL ? 0 : item->promise->due_at;
    effect->legal_due = item->legal == NULL ? 0 : item->legal->due_at;
    effect->failures = item->failures;
    effect->content = cached->content;
}

void cycle_concluded(struct cycle *cycle, struct cached *cached)
{
    struct effect *effect = batch_effect(cycle->batch, EFFECT_CONCLUDED);

    effect->application = cached->id;
    effect->event = cached->state->last_event;
    effect->number = number_of(cycle, cached);
}

struct change {
    struct cycle *cycle;
    struct cached *cached;
    const struct projection *after;
};

/* Is it the same task, only due at another time, or in another department? Then whoever works on it
 * goes on, or hears that it has moved. */
static bool is_moved(const struct change *change, const struct projection_row *row)
{
    for (size_t i = 0; i < change->after->row_count; i++) {
        const struct projection_row *other = &change->after->rows[i];

        if (other->table == TABLE_INBOX && other->item == row->item) {
            return true;
        }
    }
    return false;
}

static void write_row(void *context, const struct projection_row *before,
                      const struct projection_row *after)
{
    const struct change *change = context;
    struct cycle *cycle = change->cycle;

    if (after == NULL) {
        store_write_remove(cycle->write, before->table, key_keep(&before->key, cycle->arena));
        if (before->table == TABLE_INBOX && !is_moved(change, before)) {
            effect_gone(cycle, change->cached, before->item);
        }
        return;
    }
    struct bl_text value = { (const char *)after->value, after->value_bytes };
    store_write_put(cycle->write, after->table, key_keep(&after->key, cycle->arena),
                    value.bytes == 0 ? value : record_seal_bytes(value, cycle->arena));
    if (after->table == TABLE_INBOX) {
        effect_ready(cycle, change->cached, after->item);
    }
}

/* The state, packed; applications are many, and a bound on their length saves counting it. */
static struct bl_text seal_state(struct cycle *cycle, const struct cached *cached)
{
    return cached->aggregate == &application_aggregate
               ? record_seal_bounded(&cached->state->base, application_bytes_max(cached->state),
                                     cycle->arena)
               : record_seal_message(cached->any, cycle->arena);
}

/* Is this task another one now, though its row is the same? In a case that goes on under another
 * version each may be; and one whose item reads what was corrected has another content. */
static bool is_another(const struct cached *cached, const struct projection_row *row)
{
    return row->table == TABLE_INBOX &&
           (cached->migrated || (cached->rereads != NULL && row->item < cached->state->n_items &&
                                 cached->rereads[row->item]));
}

/* Nobody keeps what he had of them, and they are offered anew. */
static void withdraw_tasks(struct cycle *cycle, const struct cached *cached)
{
    for (size_t i = 0; i < cached->before.row_count; i++) {
        if (is_another(cached, &cached->before.rows[i])) {
            effect_gone(cycle, cached, cached->before.rows[i].item);
        }
    }
}

/* What waits is offered with what it says now. */
static void offer_tasks(struct cycle *cycle, struct cached *cached, const struct projection *after)
{
    for (size_t i = 0; i < after->row_count; i++) {
        if (after->rows[i].table == TABLE_INBOX &&
            (cached->is_corrected || is_another(cached, &after->rows[i]))) {
            effect_ready(cycle, cached, after->rows[i].item);
        }
    }
}

static void write_aggregate(struct cycle *cycle, struct cached *cached)
{
    struct projection after = cached->kind->project(cached->any, cycle->arena);
    struct change change = { cycle, cached, &after };
    struct key key = key_of_id(cached->id);

    bool others = cached->migrated || cached->rereads != NULL;

    if (others) {
        withdraw_tasks(cycle, cached);
    }
    projection_diff(&cached->before, &after, write_row, &change);
    if (others || cached->is_corrected) {
        offer_tasks(cycle, cached, &after);
    }
    if (cached->was_open && !application_is_open(cached->state)) {
        cycle_concluded(cycle, cached);
    }
    for (size_t i = 0; i < cached->before.count_count; i++) {
        add_count(cycle, &cached->before.counts[i], -1);
    }
    for (size_t i = 0; i < after.count_count; i++) {
        add_count(cycle, &after.counts[i], 1);
    }
    store_write_put(cycle->write, cached->kind->states, key_keep(&key, cycle->arena),
                    seal_state(cycle, cached));
}

static enum bl_err write_counts(struct cycle *cycle, struct bl_error *e)
{
    for (size_t i = 0; i < cycle->count_count; i++) {
        const struct projection_count *sum = &cycle->counts[i];
        Bl__Count count = BL__COUNT__INIT;

        if (sum->value == 0) {
            continue;
        }
        struct bl_error damage = { 0 };
        enum bl_err err = read_count(store_write_read(cycle->write), sum->name, sum->department,
                                     &count.value, &damage);
        if (err == BL_CORRUPT || err == BL_FORMAT) {  // a dashboard's number stops nobody
            bl_log(BL_LOG_ERROR, "record.damaged", "count=%s.%s error=\"%s\"", sum->name,
                   sum->department, damage.text);
        } else if (err != BL_OK) {
            return bl_error_set(e, err, "%s", damage.text);
        }
        count.value += sum->value;
        store_write_put(cycle->write, TABLE_COUNTS,
                        key_of_count(sum->name, sum->department, cycle->arena),
                        record_seal_message(&count.base, cycle->arena));
    }
    return BL_OK;
}

static void write_counters(struct cycle *cycle)
{
    for (struct counter *counter = cycle->counters; counter != NULL;
         counter = counter->next_counter) {
        Bl__Counter value = BL__COUNTER__INIT;

        if (counter->next != counter->stored) {
            value.next = counter->next;
            store_write_put(cycle->write, TABLE_COUNTERS, cycle_counter_key(cycle, counter),
                            record_seal_message(&value.base, cycle->arena));
        }
    }
}

static void write_directory(struct cycle *cycle)
{
    struct key key = key_of_id(DIRECTORY_ID);

    if (cycle->directory_touched) {
        store_write_put(cycle->write, TABLE_DIRECTORY, key_keep(&key, cycle->arena),
                        record_seal_message(&cycle->directory->base, cycle->arena));
        batch_effect(cycle->batch, EFFECT_DIRECTORY);
    }
}

static void write_chain(struct cycle *cycle, uint8_t hash[CHAIN_BYTES])
{
    crypto_generichash_state state;
    Bl__ChainEntry entry = BL__CHAIN_ENTRY__INIT;
    struct key key = key_of_id(cycle->event);
    uint8_t signature[CHECKPOINT_SIGNATURE_BYTES];

    CHECK(crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, cycle->chain, CHAIN_BYTES) == 0);
    for (size_t i = 0; i < cycle->record_count; i++) {
        CHECK(crypto_generichash_update(&state, (const uint8_t *)cycle->records[i].at,
                                        cycle->records[i].bytes) == 0);
    }
    CHECK(crypto_generichash_final(&state, hash, CHAIN_BYTES) == 0);
    entry.first = cycle->mark.event + 1;
    entry.last = cycle->event;
    entry.alg = CHAIN_ALGORITHM;
    entry.previous.data = cycle->chain;
    entry.previous.len = CHAIN_BYTES;
    entry.hash.data = hash;
    entry.hash.len = CHAIN_BYTES;
    entry.at = cycle->now;
    cycle->signs = cycle->config.audit != NULL &&
                   (cycle->signed_at == 0 || cycle->now - cycle->signed_at >= CHECKPOINT_SPAN);
    if (cycle->signs) {
        checkpoint_sign(cycle->config.audit, &entry, signature);
    }
    store_write_put(cycle->write, TABLE_CHAIN, key_keep(&key, cycle->arena),
                    record_seal_message(&entry.base, cycle->arena));
}

enum bl_err cycle_write(struct cycle *cycle, uint8_t hash[CHAIN_BYTES], struct bl_error *e)
{
    for (struct cached *cached = cycle->touched; cached != NULL; cached = cached->next_touched) {
        write_aggregate(cycle, cached);
    }
    enum bl_err err = write_counts(cycle, e);
    if (err != BL_OK) {
        return err;
    }
    write_counters(cycle);
    write_directory(cycle);
    cycle_recompute_write(cycle);
    memcpy(hash, cycle->chain, CHAIN_BYTES);
    if (cycle->event != cycle->mark.event) {
        write_chain(cycle, hash);
    }
    return request_forget(cycle->write, cycle->now, cycle->arena, e);
}
