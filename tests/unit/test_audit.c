/* What audit.h promises: with the hall's public key and a checkpoint that was kept outside, every
 * kind of tampering is found, by whoever has no more than the store's bytes; and what each of the
 * two is needed for. A forger here knows all there is to know but the secret key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "store/audit.h"
#include "store_fixture.h"

#define CHAIN_BYTES 32

static struct checkpoint_key hall_key, forger_key;

struct place {
    struct hall hall;
    struct bl_arena arena;
    const Bl__ChainEntry *kept;  // the newest checkpoint, as an auditor keeps it
};

enum { EVENTS = 8, KEPT = 8 };

static void open_to_read(const struct hall *hall, struct store **store, struct store_read **read)
{
    const struct store_config config = { .path = hall->path, .read_only = true };

    CHECK(store_open(&config, store, NULL) == BL_OK);
    CHECK(store_read_begin(*store, read, NULL) == BL_OK);
}

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct hall *hall = &place->hall;
    static const uint8_t seed[CHECKPOINT_KEY_BYTES] = { 1 }, other[CHECKPOINT_KEY_BYTES] = { 2 };
    struct store *store = NULL;
    struct store_read *read = NULL;
    Bl__ChainEntry *kept = NULL;

    checkpoint_key_of(seed, &hall_key);
    checkpoint_key_of(other, &forger_key);
    shop_open(hall);
    hall_stop(hall);  // as a hall that began without a key
    hall->audit = &hall_key;
    hall_start(hall);
    for (int i = 0; i < 4; i++) {
        char id[] = { 'r', (char)('0' + i), '\0' };

        hall->now += i * SECOND_US / 2;  // the second one finds a checkpoint that is fresh enough
        CHECK(shop_submit(hall, id, 20)->refusal == NULL);
    }
    hall->now += SECOND_US;
    CHECK(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    hall_stop(hall);
    bl_arena_init(&place->arena, 1 << 12, SIZE_MAX);
    open_to_read(hall, &store, &read);
    CHECK(audit_checkpoint(read, NULL, &place->arena, &kept, NULL) == BL_OK);
    store_read_end(&read);
    store_close(&store);
    CHECK(kept->last == KEPT);
    place->kept = kept;
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;

    hall_remove(&place->hall);
    bl_arena_free(&place->arena);
    free(place);
    return 0;
}

/* --- forgers ---------------------------------------------------------------------------------- */

static void seal_entry(struct raw *raw, struct raw_row row, Bl__ChainEntry *entry,
                       const struct checkpoint_key *key)
{
    entry->signer.len = entry->signature.len = 0;
    if (key != NULL) {
        checkpoint_sign(key, entry, bl_arena_alloc(&raw->arena, CHECKPOINT_SIGNATURE_BYTES));
    }
    raw_seal(raw, TABLE_CHAIN, row, &entry->base);
}

/* Computes the chain's hashes again from its batch `from` on, and signs it all anew. */
static void chain_again(struct raw *raw, size_t from, const struct checkpoint_key *key)
{
    MDB_stat stat;
    uint8_t *previous = NULL;

    CHECK(mdb_stat(raw->txn, raw->tables[TABLE_CHAIN], &stat) == 0);
    for (size_t i = from; i < stat.ms_entries; i++) {
        struct raw_row row = raw_get(raw, TABLE_CHAIN, i);
        Bl__ChainEntry *entry = raw_message(raw, row, &bl__chain_entry__descriptor);
        crypto_generichash_state state;

        if (previous != NULL) {
            memcpy(entry->previous.data, previous, CHAIN_BYTES);
        }
        CHECK(crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES) == 0);
        CHECK(crypto_generichash_update(&state, entry->previous.data, CHAIN_BYTES) == 0);
        for (uint64_t seq = entry->first; seq <= entry->last; seq++) {
            struct raw_row event = raw_get(raw, TABLE_EVENTS, (size_t)seq - 1);

            CHECK(crypto_generichash_update(&state, (const uint8_t *)event.value.at,
                                            event.value.bytes) == 0);
        }
        CHECK(crypto_generichash_final(&state, entry->hash.data, CHAIN_BYTES) == 0);
        previous = entry->hash.data;
        seal_entry(raw, row, entry, key);
    }
}

static void change_event(struct raw *raw, size_t index)
{
    struct raw_row row = raw_get(raw, TABLE_EVENTS, index);
    Bl__Event *event = raw_message(raw, row, &bl__event__descriptor);

    event->at += 1;
    raw_seal(raw, TABLE_EVENTS, row, &event->base);
}

static void nothing(struct raw *raw)
{
    (void)raw;
}

static void change(struct raw *raw)
{
    change_event(raw, 4);
}

static void delete (struct raw *raw)
{
    raw_remove(raw, TABLE_EVENTS, raw_get(raw, TABLE_EVENTS, 4));
}

static void insert(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_EVENTS, EVENTS - 1);
    struct key key = key_of_id(EVENTS + 1);

    row.key = key_keep(&key, &raw->arena);
    raw_put(raw, TABLE_EVENTS, row);
}

static void reorder(struct raw *raw)
{
    struct raw_row one = raw_get(raw, TABLE_EVENTS, 4), two = raw_get(raw, TABLE_EVENTS, 5);

    raw_put(raw, TABLE_EVENTS, (struct raw_row){ one.key, two.value });
    raw_put(raw, TABLE_EVENTS, (struct raw_row){ two.key, one.value });
}

static void drop_last(struct raw *raw, size_t index)
{
    raw_remove(raw, TABLE_EVENTS, raw_get(raw, TABLE_EVENTS, index));
    raw_remove(raw, TABLE_CHAIN, raw_get(raw, TABLE_CHAIN, index));
}

static void truncate_tail(struct raw *raw)
{
    drop_last(raw, EVENTS - 1);
}

static void replace_tail(struct raw *raw)
{
    change_event(raw, EVENTS - 1);
    chain_again(raw, EVENTS - 1, NULL);
}

static void replace_tail_signed(struct raw *raw)
{
    change_event(raw, EVENTS - 1);
    chain_again(raw, EVENTS - 1, &forger_key);
}

static void rewrite(struct raw *raw)
{
    change_event(raw, 1);
    chain_again(raw, 0, NULL);
}

static void rewrite_signed(struct raw *raw)
{
    change_event(raw, 1);
    chain_again(raw, 0, &forger_key);
}

static void change_signature(struct raw *raw)
{
    struct raw_row row = raw_get(raw, TABLE_CHAIN, EVENTS - 1);
    Bl__ChainEntry *entry = raw_message(raw, row, &bl__chain_entry__descriptor);

    entry->signature.data[5] ^= 1;
    raw_seal(raw, TABLE_CHAIN, row, &entry->base);
}

#define KEY 1    // the auditor has the hall's public key
#define KEPT_ 2  // and a checkpoint

/* What each auditor says; NULL: he finds nothing wrong. */
static const struct tampering {
    const char *name;
    void (*make)(struct raw *raw);
    const char *alone, *with_key, *with_both;
} tamperings[] = {
    { "nothing", nothing, NULL, NULL, NULL },
    { "an event changed", change, "chain 5: the hash", "chain 5: the hash", "chain 5: the hash" },
    { "an event deleted", delete, "event 5: is missing", "event 5: is missing",
      "event 5: is missing" },
    { "an event inserted", insert, "event 9: is in no", "event 9: is in no", "event 9: is in no" },
    { "events reordered", reorder, "chain 5: the hash", "chain 5: the hash", "chain 5: the hash" },
    { "the tail cut off", truncate_tail, NULL, NULL, "kept checkpoint 8: no batch" },
    { "the tail replaced", replace_tail, "checkpoint 8: is missing", "checkpoint 8: is missing",
      "checkpoint 8: the chain was another" },
    { "the tail replaced and signed", replace_tail_signed, NULL, "checkpoint 8: is signed with",
      "checkpoint 8: is signed with" },
    { "a new chain", rewrite, NULL, "checkpoint 0: there is none",
      "checkpoint 8: the chain was another" },
    { "a new chain, signed", rewrite_signed, NULL, "checkpoint 1: is signed with",
      "checkpoint 1: is signed with" },
    { "a signature changed", change_signature, "checkpoint 8: the signature",
      "checkpoint 8: the signature", "checkpoint 8: the signature" },
};

struct told {
    char text[4096];
    size_t bytes;
};

static void tell(void *context, const char *where, uint64_t id, const char *what)
{
    struct told *told = context;

    told->bytes += (size_t)snprintf(told->text + told->bytes, sizeof told->text - told->bytes,
                                    "%s %llu: %s\n", where, (unsigned long long)id, what);
    CHECK(told->bytes < sizeof told->text);
}

static void audit(const struct place *place, int knows, const char *expected)
{
    struct told told = { .bytes = 0 };
    struct audit_request request = { .problem = tell, .context = &told };
    struct audit_result result;
    struct store *store = NULL;
    struct store_read *read = NULL;

    if ((knows & KEY) != 0) {
        memcpy(request.keys[request.key_count++], hall_key.public_key, CHECKPOINT_KEY_BYTES);
    }
    if ((knows & KEPT_) != 0) {
        request.checkpoints[request.checkpoint_count++] = place->kept;
    }
    open_to_read(&place->hall, &store, &read);
    enum bl_err err = audit_chain(read, &request, &result, NULL);
    store_read_end(&read);
    store_close(&store);
    assert_int_equal(err, expected == NULL ? BL_OK : BL_CORRUPT);
    assert_int_equal(result.problems > 0, expected != NULL);
    if (expected != NULL && strstr(told.text, expected) == NULL) {
        fail_msg("expected: %s\nsaid:\n%s", expected, told.text);
    }
}

static struct tampering asked;

static int setup_tampering(void **state)
{
    asked = *(const struct tampering *)*state;
    return setup(state);
}

static void test_tampering(void **state)
{
    struct place *place = *state;
    struct raw raw;

    raw_open(&raw, &place->hall);
    asked.make(&raw);
    raw_close(&raw);
    audit(place, 0, asked.alone);
    audit(place, KEY, asked.with_key);
    audit(place, KEY | KEPT_, asked.with_both);
}

/* How often: the first batch after a start, then the first that is a second later. */
static void test_how_often(void **state)
{
    struct place *place = *state;
    struct audit_request request = { .key_count = 0 };
    struct audit_result result;
    struct store *store = NULL;
    struct store_read *read = NULL;

    open_to_read(&place->hall, &store, &read);
    assert_int_equal(audit_chain(read, &request, &result, NULL), BL_OK);
    assert_int_equal(result.events, EVENTS);
    assert_int_equal(result.checkpoints, 4);
    assert_int_equal(result.signed_until, KEPT);
    assert_memory_equal(result.signer, hall_key.public_key, CHECKPOINT_KEY_BYTES);
    store_read_end(&read);
    store_close(&store);
}

/* An auditor may ask for one at any moment: it is under the newest event. */
static void test_on_demand(void **state)
{
    struct place *place = *state;
    struct store *store = NULL;
    struct store_read *read = NULL;
    Bl__ChainEntry *entry = NULL;

    open_to_read(&place->hall, &store, &read);
    assert_int_equal(audit_checkpoint(read, &forger_key, &place->arena, &entry, NULL), BL_OK);
    assert_int_equal(entry->last, EVENTS);
    assert_true(checkpoint_is_genuine(entry));
    entry->at++;
    assert_false(checkpoint_is_genuine(entry));
    store_read_end(&read);
    store_close(&store);
}

int main(void)
{
    struct CMUnitTest tests[2 + BL_COUNT(tamperings)] = {
        cmocka_unit_test_setup_teardown(test_how_often, setup, teardown),
        cmocka_unit_test_setup_teardown(test_on_demand, setup, teardown),
    };

    for (size_t i = 0; i < BL_COUNT(tamperings); i++) {
        tests[2 + i] = (struct CMUnitTest){ .name = tamperings[i].name,
                                            .test_func = test_tampering,
                                            .setup_func = setup_tampering,
                                            .teardown_func = teardown,
                                            .initial_state = (void *)(uintptr_t)&tamperings[i] };
    }
    return _cmocka_run_group_tests("audit", tests, BL_COUNT(tests), NULL, NULL);
}
