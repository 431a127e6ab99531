/* Stored records from anywhere: as they lie in the store, and sealed, as if a forger had known the
 * checksum. What the fast unpacking makes of a body is what protobuf-c makes of it, and goes back
 * to the same bytes. The first byte says which kind of record it is. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "binglian/v1/event.pb-c.h"
#include "binglian/v1/state.pb-c.h"
#include "binglian/v1/store.pb-c.h"
#include "schema/json.h"
#include "schema/pack.h"
#include "schema/unpack.h"
#include "store/checkpoint.h"
#include "store/record.h"

#define ARENA_BYTES ((size_t)256 << 20)  // far above what the inputs of a fuzzer can ask for

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct kind_of_record {
    const ProtobufCMessageDescriptor *descriptor;
    size_t number_at;  // of one that is read without the rest
} kinds[] = {
    { &bl__event__descriptor, offsetof(Bl__Event, previous) },
    { &bl__application__descriptor, offsetof(Bl__Application, revision) },
    { &bl__directory__descriptor, offsetof(Bl__Directory, revision) },
    { &bl__project__descriptor, offsetof(Bl__Project, revision) },
    { &bl__referral__descriptor, offsetof(Bl__Referral, revision) },
    { &bl__booking__descriptor, offsetof(Bl__Booking, revision) },
    { &bl__chain_entry__descriptor, offsetof(Bl__ChainEntry, last) },
    { &bl__stored_request__descriptor, offsetof(Bl__StoredRequest, event) },
};

/* A message is told by what it packs to; protobuf-c's own packing is the judge. */
static void compare(const struct kind_of_record *kind, struct bl_text body, struct bl_arena *arena)
{
    const ProtobufCMessage *ours = unpack_message(kind->descriptor, body, arena);

    if (ours == NULL) {
        return;
    }
    const ProtobufCMessage *theirs = protobuf_c_message_unpack(
        kind->descriptor, &arena->allocator, body.bytes, (const uint8_t *)body.at);
    CHECK(theirs != NULL);
    size_t bytes = protobuf_c_message_get_packed_size(theirs);
    uint8_t *expected = bl_arena_alloc(arena, bytes + 1),
            *packed = bl_arena_alloc(arena, bytes + 1);
    CHECK(protobuf_c_message_get_packed_size(ours) == bytes);
    CHECK(protobuf_c_message_pack(theirs, expected) == bytes);
    CHECK(pack_message(ours, packed) == bytes);
    CHECK(memcmp(packed, expected, bytes) == 0);
}

static void read_on(const struct kind_of_record *kind, const ProtobufCMessage *message)
{
    struct writer writer;

    if (kind->descriptor == &bl__chain_entry__descriptor &&
        checkpoint_is_signed((const Bl__ChainEntry *)message)) {
        CHECK(!checkpoint_is_genuine((const Bl__ChainEntry *)message));
    }
    writer_init(&writer, WRITER_JSON);
    json_write_message(&writer, message, (struct json_options){ .offset_minutes = 480 });
    writer_free(&writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bl_arena arena;
    ProtobufCMessage *message = NULL;
    struct bl_error e = { 0 };
    struct bl_text body;
    uint64_t number = 0;

    if (size == 0) {
        return 0;
    }
    const struct kind_of_record *kind = &kinds[data[0] % BL_COUNT(kinds)];
    const struct bl_text rest = { (const char *)data + 1, size - 1 };
    bl_arena_init(&arena, 1 << 16, ARENA_BYTES);
    if (record_unpack(rest, kind->descriptor, &arena, &message, &e) != BL_OK) {
        CHECK((e.code == BL_CORRUPT || e.code == BL_FORMAT) && e.text[0] != '\0');
    }
    const struct bl_text record = record_seal_bytes(rest, &arena);
    CHECK(record_open(record, &body, NULL) == BL_OK && bl_text_equal(body, rest));
    compare(kind, body, &arena);
    (void)unpack_number(kind->descriptor, body, kind->number_at, &number);
    if (record_unpack(record, kind->descriptor, &arena, &message, NULL) == BL_OK &&
        protobuf_c_message_check(message)) {
        read_on(kind, message);
    }
    bl_arena_free(&arena);
    return 0;
}
