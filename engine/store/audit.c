#include "store/audit.h"

#include <inttypes.h>
#include <string.h>

#include <sodium.h>

#include "store/environment.h"
#include "store/read.h"
#include "store/record.h"

#define CHAIN_BYTES 32

struct auditing {
    const struct audit_request *request;
    struct audit_result *result;
    struct bl_arena arena;  // of one entry
    MDB_cursor *events;
    MDB_val key, record;  // of the event that the cursor stands on
    int at;               // 0, or MDB_NOTFOUND past the last, or what is wrong with the tree
    uint64_t next;        // event
    uint8_t hash[CHAIN_BYTES];
    bl_time before;  // of the batch before
    bool passed[AUDIT_CHECKPOINTS_MAX];
};

static void problem(struct auditing *a, const char *where, uint64_t id, const char *what)
{
    a->result->problems++;
    if (a->request->problem != NULL) {
        a->request->problem(a->request->context, where, id, what);
    }
}

/* --- events ----------------------------------------------------------------------------------- */

static uint64_t event_at(const struct auditing *a)
{
    return a->key.mv_size == 8 ? key_read_u64(a->key.mv_data) : 0;
}

static void step(struct auditing *a)
{
    a->at = mdb_cursor_get(a->events, &a->key, &a->record, MDB_NEXT);
}

/* Events before this one belong to no batch. */
static void pass_strangers(struct auditing *a, uint64_t before)
{
    while (a->at == 0 && event_at(a) < before) {
        problem(a, "event", event_at(a), "is in no batch of the chain");
        step(a);
    }
}

/* Hashes the records of one batch. False if one is missing or damaged, which is then on record. */
static bool hash_batch(struct auditing *a, const Bl__ChainEntry *entry, uint8_t hash[CHAIN_BYTES])
{
    crypto_generichash_state state;
    bool whole = true;

    CHECK(crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, entry->previous.data, CHAIN_BYTES) == 0);
    pass_strangers(a, entry->first);
    for (uint64_t seq = entry->first; seq <= entry->last; seq++) {
        struct bl_text body;

        if (a->at != 0 || event_at(a) > entry->last) {
            problem(a, "event", seq, "is missing");
            return false;
        }
        if (event_at(a) != seq) {
            problem(a, "event", seq, "is missing");
            whole = false;
            seq = event_at(a);
        }
        if (record_open(environment_text(a->record), &body, NULL) != BL_OK) {
            problem(a, "event", seq, "fails its checksum");
            whole = false;
        }
        CHECK(crypto_generichash_update(&state, a->record.mv_data, a->record.mv_size) == 0);
        a->result->events++;
        step(a);
    }
    CHECK(crypto_generichash_final(&state, hash, CHAIN_BYTES) == 0);
    return whole;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static bool is_known(const struct auditing *a, const uint8_t signer[CHECKPOINT_KEY_BYTES])
{
    for (size_t i = 0; i < a->request->key_count; i++) {
        if (memcmp(a->request->keys[i], signer, CHECKPOINT_KEY_BYTES) == 0) {
            return true;
        }
    }
    return a->request->key_count == 0;
}

static void check_signature(struct auditing *a, const Bl__ChainEntry *entry)
{
    struct audit_result *result = a->result;

    if (!checkpoint_is_signed(entry)) {
        if (result->checkpoints > 0 && entry->at - result->signed_at >= CHECKPOINT_SPAN) {
            problem(a, "checkpoint", entry->last, "is missing: the batch is not signed");
            result->signed_at = entry->at;  // told once a second
        }
        return;
    }
    if (!checkpoint_is_genuine(entry)) {
        problem(a, "checkpoint", entry->last, "the signature does not fit");
    } else if (!is_known(a, entry->signer.data)) {
        problem(a, "checkpoint", entry->last, "is signed with a key that is not the hall's");
    } else {
        memcpy(result->signer, entry->signer.data, CHECKPOINT_KEY_BYTES);
        result->signed_until = entry->last;
    }
    result->checkpoints++;
    result->signed_at = entry->at;
}

/* Does the chain go through what was kept of it? */
static void check_kept(struct auditing *a, const Bl__ChainEntry *entry)
{
    for (size_t i = 0; i < a->request->checkpoint_count; i++) {
        const Bl__ChainEntry *kept = a->request->checkpoints[i];

        if (kept->last == entry->last) {
            a->passed[i] = true;
            if (kept->hash.len != entry->hash.len ||
                memcmp(kept->hash.data, entry->hash.data, kept->hash.len) != 0) {
                problem(a, "checkpoint", kept->last, "the chain was another when it was kept");
            }
        }
    }
}

static void check_all_kept(struct auditing *a)
{
    for (size_t i = 0; i < a->request->checkpoint_count; i++) {
        const Bl__ChainEntry *kept = a->request->checkpoints[i];

        if (!checkpoint_is_genuine(kept)) {
            problem(a, "kept checkpoint", kept->last, "the signature does not fit");
        } else if (!is_known(a, kept->signer.data)) {
            problem(a, "kept checkpoint", kept->last,
                    "is signed with a key that is not the hall's");
        } else if (!a->passed[i]) {
            problem(a, "kept checkpoint", kept->last, "no batch of the chain ends there any more");
        }
    }
}

/* --- the chain -------------------------------------------------------------------------------- */

static bool has_known_hashes(const Bl__ChainEntry *entry)
{
    return entry->hash.len == CHAIN_BYTES && entry->previous.len == CHAIN_BYTES &&
           strcmp(entry->alg, "blake2b-256") == 0;
}

static bool visit_batch(void *context, struct bl_text key, struct bl_text value)
{
    struct auditing *a = context;
    uint64_t last = key.bytes == 8 ? key_read_u64(key.at) : 0;
    uint8_t hash[CHAIN_BYTES];
    ProtobufCMessage *message;

    bl_arena_reset(&a->arena);
    a->result->batches++;
    if (record_unpack(value, &bl__chain_entry__descriptor, &a->arena, &message, NULL) != BL_OK) {
        problem(a, "chain", last, "fails its checksum");
        return true;
    }
    const Bl__ChainEntry *entry = (const Bl__ChainEntry *)message;
    if (entry->first != a->next || entry->last != last || entry->last < entry->first) {
        problem(a, "chain", last, "does not go on where the batch before it ended");
        a->next = last + 1;
        return true;
    }
    a->next = last + 1;
    if (!has_known_hashes(entry)) {
        problem(a, "chain", last, "has a hash of another kind");
        return true;
    }
    if (memcmp(entry->previous.data, a->hash, CHAIN_BYTES) != 0) {
        problem(a, "chain", last, "does not name the hash before it");
    }
    if (hash_batch(a, entry, hash) && memcmp(entry->hash.data, hash, CHAIN_BYTES) != 0) {
        problem(a, "chain", last, "the hash does not fit the events");
    }
    if (entry->at < a->before) {
        problem(a, "chain", last, "is older than the batch before it");
    }
    a->before = entry->at;
    check_signature(a, entry);
    check_kept(a, entry);
    /* What is wrong in one batch is told once: the next is held against what stands here. */
    memcpy(a->hash, entry->hash.data, CHAIN_BYTES);
    return true;
}

static void finish(struct auditing *a)
{
    pass_strangers(a, UINT64_MAX);
    a->result->newest = a->next - 1;
    check_all_kept(a);
    if (a->request->key_count > 0 && a->result->signed_until == 0 && a->result->batches > 0) {
        problem(a, "checkpoint", 0, "there is none of the hall's");
    }
}

enum bl_err audit_chain(struct store_read *read, const struct audit_request *request,
                        struct audit_result *result, struct bl_error *e)
{
    struct auditing a = { .request = request, .result = result, .next = 1 };

    *result = (struct audit_result){ 0 };
    int rc = mdb_cursor_open(read->txn, read->store->tables[TABLE_EVENTS], &a.events);
    if (rc != 0) {
        return environment_error(e, rc, table_name(TABLE_EVENTS));
    }
    bl_arena_init(&a.arena, 1 << 12, SIZE_MAX);
    step(&a);
    enum bl_err err = read_scan(read, TABLE_CHAIN, (struct bl_text){ NULL, 0 }, visit_batch, &a, e);
    if (err == BL_OK) {
        finish(&a);
        if (a.at != MDB_NOTFOUND) {
            err = environment_error(e, a.at, table_name(TABLE_EVENTS));
        }
    }
    mdb_cursor_close(a.events);
    bl_arena_free(&a.arena);
    return err != BL_OK ? err : result->problems == 0 ? BL_OK : BL_CORRUPT;
}

/* --- one checkpoint --------------------------------------------------------------------------- */

struct search {
    struct bl_arena *arena;
    Bl__ChainEntry *found;
};

static bool visit_for_checkpoint(void *context, struct bl_text key, struct bl_text value)
{
    struct search *search = context;
    ProtobufCMessage *message;

    (void)key;
    if (record_unpack(value, &bl__chain_entry__descriptor, search->arena, &message, NULL) ==
            BL_OK &&
        checkpoint_is_signed((Bl__ChainEntry *)message)) {
        search->found = (Bl__ChainEntry *)message;
    }
    return search->found == NULL;
}

enum bl_err audit_checkpoint(struct store_read *read, const struct checkpoint_key *key,
                             struct bl_arena *arena, Bl__ChainEntry **entry, struct bl_error *e)
{
    struct search search = { .arena = arena };
    enum bl_err err;

    if (key != NULL) {
        err = read_chain_head(read, arena, &search.found, e);
    } else {
        err = read_scan_back(read, TABLE_CHAIN, (struct bl_text){ NULL, 0 }, visit_for_checkpoint,
                             &search, e);
    }
    if (err == BL_NOT_FOUND || (err == BL_OK && search.found == NULL)) {
        return bl_error_set(e, BL_NOT_FOUND, "the chain has no checkpoint");
    }
    if (err != BL_OK) {
        return err;
    }
    if (key != NULL) {
        checkpoint_sign(key, search.found, bl_arena_alloc(arena, CHECKPOINT_SIGNATURE_BYTES));
    }
    *entry = search.found;
    return BL_OK;
}
