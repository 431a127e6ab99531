/* Packing gives the bytes that protobuf-c gives, and unpacking what it gives, for every message of
 * ours filled in at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "binglian/v1/store.pb-c.h"
#include "client/chance.h"
#include "schema/pack.h"
#include "schema/types.h"
#include "schema/unpack.h"

#define ROUNDS 40  // of each message
#define DEPTH_MAX 4
#define BYTES_MAX ((size_t)1 << 24)

static struct bl_arena arena;
static uint64_t seed = 20261129;

static uint64_t chance(uint64_t below)
{
    return chance_next(&seed) % below;
}

static ProtobufCMessage *make(const ProtobufCMessageDescriptor *descriptor, unsigned depth);

/* Small values, large ones, negative ones, none. */
static uint64_t number(void)
{
    uint64_t value = chance_next(&seed) >> chance(64);

    return chance(3) == 0 ? 0 : chance(4) == 0 ? ~value : value;
}

static void fill(const ProtobufCFieldDescriptor *field, void *member, unsigned depth)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)member = chance(2) == 0;
        return;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        *(uint32_t *)member = (uint32_t)number();
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        *(uint64_t *)member = number();
        return;
    case PROTOBUF_C_TYPE_STRING:
        *(char **)member = bl_arena_zero(&arena, 1000);
        memset(*(char **)member, 'a', chance(4) == 0 ? chance(999) : chance(9));
        return;
    case PROTOBUF_C_TYPE_BYTES:
        ((ProtobufCBinaryData *)member)->len = chance(3) == 0 ? 0 : chance(300);
        ((ProtobufCBinaryData *)member)->data = bl_arena_zero(&arena, 300);
        return;
    case PROTOBUF_C_TYPE_MESSAGE:
        *(ProtobufCMessage **)member = make(field->descriptor, depth + 1);
        return;
    }
}

static size_t element_bytes(const ProtobufCFieldDescriptor *field)
{
    return field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData) : sizeof(void *);
}

static void fill_list(const ProtobufCFieldDescriptor *field, uint8_t *message, unsigned depth)
{
    size_t count = chance(4), *n = (size_t *)(void *)(message + field->quantifier_offset);
    uint8_t *elements = bl_arena_zero(&arena, 4 * sizeof(ProtobufCBinaryData));
    bool narrow = field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_UINT32 ||
                  field->type == PROTOBUF_C_TYPE_ENUM || field->type == PROTOBUF_C_TYPE_BOOL ||
                  field->type == PROTOBUF_C_TYPE_SINT32 || field->type == PROTOBUF_C_TYPE_FLOAT ||
                  field->type == PROTOBUF_C_TYPE_SFIXED32 || field->type == PROTOBUF_C_TYPE_FIXED32;

    for (size_t i = 0; i < count; i++) {
        fill(field, elements + i * (narrow ? 4 : element_bytes(field)), depth);
    }
    *n = count;
    *(void **)(void *)(message + field->offset) = elements;
}

static ProtobufCMessage *make(const ProtobufCMessageDescriptor *descriptor, unsigned depth)
{
    ProtobufCMessage *message = bl_arena_zero(&arena, descriptor->sizeof_message);
    uint8_t *base = (uint8_t *)message;

    protobuf_c_message_init(descriptor, message);
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];

        if ((field->type == PROTOBUF_C_TYPE_MESSAGE && depth >= DEPTH_MAX) || chance(3) == 0) {
            continue;
        }
        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
            fill_list(field, base, depth);
        } else if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0) {
            fill(field, base + field->offset, depth);
        } else if (*(uint32_t *)(void *)(base + field->quantifier_offset) == 0 && chance(8) == 0) {
            *(uint32_t *)(void *)(base + field->quantifier_offset) = field->id;
            fill(field, base + field->offset, depth);
        }
    }
    return message;
}

static void test_bytes_are_the_same(void **state)
{
    uint8_t *expected = malloc(BYTES_MAX), *packed = malloc(BYTES_MAX);
    uint32_t filled = 0;

    (void)state;
    for (uint32_t i = 0; i < schema_type_count; i++) {
        for (int round = 0; round < ROUNDS; round++) {
            bl_arena_init(&arena, 1 << 16, SIZE_MAX);
            const ProtobufCMessage *message = make(schema_types[i].message, 0);
            size_t bytes = protobuf_c_message_get_packed_size(message);

            assert_true(bytes <= BYTES_MAX);
            assert_int_equal(protobuf_c_message_pack(message, expected), bytes);
            assert_int_equal(pack_message(message, packed), bytes);
            assert_memory_equal(packed, expected, bytes);
            filled += bytes > 100;
            bl_arena_free(&arena);
        }
    }
    assert_true(filled > 1000);  // else nothing was packed
    free(expected);
    free(packed);
}

/* What a message unpacks to is told by what it packs to. */
static void assert_packs_to(const ProtobufCMessage *message, const uint8_t *bytes, size_t count)
{
    static uint8_t again[BYTES_MAX];

    assert_non_null(message);
    assert_int_equal(protobuf_c_message_get_packed_size(message), count);
    assert_int_equal(protobuf_c_message_pack(message, again), count);
    assert_memory_equal(again, bytes, count);
}

/* Of bytes that are damaged it makes nothing, or what protobuf-c makes of them. */
static uint32_t try_damaged(const ProtobufCMessageDescriptor *descriptor, uint8_t *bytes,
                            size_t count)
{
    static uint8_t expected[BYTES_MAX];

    bytes[chance(count)] ^= (uint8_t)(1U << chance(8));
    const struct bl_text text = { (const char *)bytes, count - (size_t)chance(2) };
    const ProtobufCMessage *message = unpack_message(descriptor, text, &arena);
    if (message == NULL) {
        return 0;
    }
    const ProtobufCMessage *other =
        protobuf_c_message_unpack(descriptor, &arena.allocator, text.bytes, bytes);
    assert_non_null(other);
    assert_packs_to(message, expected, protobuf_c_message_pack(other, expected));
    return 1;
}

static void test_unpacked_is_the_same(void **state)
{
    static uint8_t bytes[BYTES_MAX];
    uint32_t damaged = 0;

    (void)state;
    for (uint32_t i = 0; i < schema_type_count; i++) {
        const ProtobufCMessageDescriptor *descriptor = schema_types[i].message;

        for (int round = 0; round < ROUNDS; round++) {
            bl_arena_init(&arena, 1 << 16, SIZE_MAX);
            const ProtobufCMessage *message = make(descriptor, 0);
            size_t count = pack_message(message, bytes);
            const struct bl_text text = { (const char *)bytes, count };

            assert_packs_to(unpack_message(descriptor, text, &arena), bytes, count);
            for (int twist = 0; twist < 8 && count > 0; twist++) {
                damaged += try_damaged(descriptor, bytes, count);
            }
            bl_arena_free(&arena);
        }
    }
    assert_true(damaged > 1000);  // else nothing was compared
}

/* What pack_message does not write is left to protobuf-c, and the arena's bound holds. */
static void test_unusual_bytes_are_left_alone(void **state)
{
    static const char *const unusual[] = {
        "\x08\x01\x08\x02",      // a field twice
        "\x10\x01\x08\x02",      // out of order
        "\xF8\xFF\x07\x01",      // unknown
        "\x0D\x01\x01\x01\x01",  // of another kind
        "\x08",                  // cut off
        "\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
    };
    const ProtobufCMessageDescriptor *descriptor = &bl__chain_entry__descriptor;
    const struct bl_text good = bl_text_of("\x08\x01\x10\x02");
    struct bl_arena small;

    (void)state;
    bl_arena_init(&arena, 1024, SIZE_MAX);
    assert_non_null(unpack_message(descriptor, good, &arena));
    for (size_t i = 0; i < BL_COUNT(unusual); i++) {
        assert_null(unpack_message(descriptor, bl_text_of(unusual[i]), &arena));
    }
    bl_arena_free(&arena);
    bl_arena_init(&small, 16, 16);
    assert_null(unpack_message(descriptor, good, &small));
    bl_arena_free(&small);
}

static void test_one_number(void **state)
{
    const ProtobufCMessageDescriptor *descriptor = &bl__chain_entry__descriptor;
    size_t offset = offsetof(Bl__ChainEntry, last);
    uint64_t last = 7;

    (void)state;
    assert_true(unpack_number(descriptor, bl_text_of("\x08\x01"), offset, &last));
    assert_int_equal(last, 7);  // it was left out
    assert_true(unpack_number(descriptor, bl_text_of("\x08\x01\x10\xAC\x02"), offset, &last));
    assert_int_equal(last, 300);
    assert_false(unpack_number(descriptor, bl_text_of("\x12\x01x"), offset, &last));
    assert_false(unpack_number(descriptor, bl_text_of("\x22\x09x"), offset, &last));
    assert_false(unpack_number(descriptor, bl_text_of("\x0B"), offset, &last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_the_same),
        cmocka_unit_test(test_unpacked_is_the_same),
        cmocka_unit_test(test_unusual_bytes_are_left_alone),
        cmocka_unit_test(test_one_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
