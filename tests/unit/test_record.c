/* What record.h and table.h promise: no byte of a stored value can change unseen, a newer format is
 * told apart from damage, keys sort as their numbers do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "binglian/v1/store.pb-c.h"
#include "store/read.h"
#include "store/record.h"
#include "store/table.h"

static struct bl_arena arena;

static int setup(void **state)
{
    (void)state;
    bl_arena_init(&arena, 1 << 12, SIZE_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bl_arena_free(&arena);
    return 0;
}

static Bl__StoredRequest request_of(uint64_t event)
{
    Bl__StoredRequest request = BL__STORED_REQUEST__INIT;

    request.fingerprint = 0x0123456789ABCDEF;
    request.event = event;
    request.application = 17;
    return request;
}

static void test_sealed_is_opened(void **state)
{
    Bl__StoredRequest request = request_of(4711);
    struct bl_text record = record_seal_message(&request.base, &arena);
    struct bl_text bounded = record_seal_bounded(&request.base, 1000, &arena);
    ProtobufCMessage *message;

    (void)state;
    assert_true(bl_text_equal(record, bounded));
    assert_int_equal(record_unpack(record, &bl__stored_request__descriptor, &arena, &message, NULL),
                     BL_OK);
    assert_int_equal(((Bl__StoredRequest *)message)->event, 4711);
    assert_int_equal(((Bl__StoredRequest *)message)->application, 17);
}

static void test_bytes(void **state)
{
    struct bl_text body;

    (void)state;
    assert_int_equal(record_open(record_seal_bytes(bl_text_of("abc"), &arena), &body, NULL), BL_OK);
    assert_true(bl_text_is(body, "abc"));
    struct bl_text nothing = record_seal_bytes((struct bl_text){ NULL, 0 }, &arena);
    assert_int_equal(nothing.bytes, RECORD_HEAD_BYTES);
    assert_int_equal(record_open(nothing, &body, NULL), BL_OK);
    assert_int_equal(body.bytes, 0);
}

/* Each bit of a record, and each place where it may be cut. */
static void test_every_bit_counts(void **state)
{
    Bl__StoredRequest request = request_of(4711);
    struct bl_text record = record_seal_message(&request.base, &arena);
    struct bl_text untouched = { "not written", 11 }, body = untouched;

    (void)state;
    for (size_t bit = 0; bit < record.bytes * 8; bit++) {
        char *changed = bl_arena_copy(&arena, record.at, record.bytes);
        changed[bit / 8] ^= (char)(1 << bit % 8);
        enum bl_err err = record_open((struct bl_text){ changed, record.bytes }, &body, NULL);
        bool newer = (unsigned char)changed[0] > RECORD_FORMAT;
        assert_int_equal(err, newer ? BL_FORMAT : BL_CORRUPT);
    }
    for (size_t bytes = 0; bytes < record.bytes; bytes++) {
        assert_int_equal(record_open((struct bl_text){ record.at, bytes }, &body, NULL),
                         BL_CORRUPT);
    }
    assert_ptr_equal(body.at, untouched.at);
}

/* A whole record that holds something else. */
static void test_no_such_message(void **state)
{
    static const char body[] = { 0x0F };  // a tag of a wire type that there is not
    struct bl_text record = record_seal_bytes((struct bl_text){ body, sizeof body }, &arena);
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };

    (void)state;
    assert_int_equal(record_unpack(record, &bl__stored_request__descriptor, &arena, &message, &e),
                     BL_CORRUPT);
    assert_null(message);
    assert_non_null(strstr(e.text, "StoredRequest"));
}

/* Stored bytes of format 1 as they are on disk today: a change of them needs a new format. */
static void test_bytes_on_disk(void **state)
{
    static const char on_disk[] = "\x01\x28\x62\xC7\x43"
                                  "abc";
    struct bl_text record = record_seal_bytes(bl_text_of("abc"), &arena);

    (void)state;
    assert_int_equal(record.bytes, sizeof on_disk - 1);
    assert_memory_equal(record.at, on_disk, record.bytes);
}

/* --- keys --------------------------------------------------------------------------------------
 */

static int compare(const struct key *a, const struct key *b)
{
    size_t bytes = a->count < b->count ? a->count : b->count;
    int order = memcmp(a->bytes, b->bytes, bytes);

    return order != 0 ? order : (int)a->count - (int)b->count;
}

static void test_keys_sort_as_numbers(void **state)
{
    static const uint64_t numbers[] = { 0,     1,          255,        256,       65535,
                                        65536, UINT32_MAX, 1ull << 32, INT64_MAX, UINT64_MAX };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(numbers); i++) {
        struct key key = key_of_id(numbers[i]);

        assert_int_equal(key.count, 8);
        assert_int_equal(key_read_u64(key.bytes), numbers[i]);
        if (i > 0) {
            struct key before = key_of_id(numbers[i - 1]);
            assert_true(compare(&before, &key) < 0);
        }
    }
}

static void test_keys_read_back(void **state)
{
    struct key key = { .count = 0 };

    (void)state;
    key_u16(&key, 0xABCD);
    key_u32(&key, 0x12345678);
    key_u64(&key, 0xFEDCBA9876543210);
    assert_int_equal(key.count, 14);
    assert_int_equal(key_read_u16(key.bytes), 0xABCD);
    assert_int_equal(key_read_u32(key.bytes + 2), 0x12345678);
    assert_int_equal(key_read_u64(key.bytes + 6), 0xFEDCBA9876543210);
    struct bl_text kept = key_keep(&key, &arena);
    key.bytes[0] = 0;
    assert_int_equal(key_read_u16(kept.at), 0xABCD);
}

/* No department's rows lie among another's, whose id begins alike. */
static void test_departments_stay_apart(void **state)
{
    struct key fire = { .count = 0 }, fires = { .count = 0 };

    (void)state;
    key_department(&fire, "fire");
    key_u64(&fire, UINT64_MAX);
    key_department(&fires, "fires");
    key_u64(&fires, 0);
    assert_int_equal(fire.count, DEPARTMENT_KEY_BYTES + 8);
    assert_true(compare(&fire, &fires) < 0);
    struct key longest = { .count = 0 };
    key_department(&longest, "sixteen-letters1");
    assert_int_equal(longest.count, DEPARTMENT_KEY_BYTES);
}

static void test_tables_have_names_of_their_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(table_name((enum table)i), table_name((enum table)j));
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_sealed_is_opened),
        T(test_bytes),
        T(test_every_bit_counts),
        T(test_no_such_message),
        T(test_bytes_on_disk),
        T(test_keys_sort_as_numbers),
        T(test_keys_read_back),
        T(test_departments_stay_apart),
        T(test_tables_have_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
