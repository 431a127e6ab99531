#include "schema/pack.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"
#include "schema/pack_plan.h"

/* Where the next byte goes. */
struct packer {
    uint8_t *at;
};

static inline void put_varint(struct packer *packer, uint64_t value)
{
    while (value >= 0x80) {
        *packer->at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *packer->at++ = (uint8_t)value;
}

static inline void put_fixed(struct packer *packer, const void *value, size_t bytes)
{
    memcpy(packer->at, value, bytes);  // little-endian, as all machines that we run on
    packer->at += bytes;
}

static inline uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* A length is known when what it counts is written: room for one byte is left, and what needs more
 * moves aside. */
static inline void put_length(struct packer *packer, uint8_t *from)
{
    size_t bytes = (size_t)(packer->at - from) - 1;
    size_t more = 0;

    for (size_t rest = bytes >> 7; rest > 0; rest >>= 7) {
        more++;
    }
    if (more > 0) {
        memmove(from + 1 + more, from + 1, bytes);
    }
    struct packer length = { from };
    put_varint(&length, bytes);
    packer->at += more;
}

static void put_fields(struct packer *packer, const ProtobufCMessage *message);

static void put_message(struct packer *packer, const ProtobufCMessage *message)
{
    uint8_t *from = packer->at++;

    put_fields(packer, message);
    put_length(packer, from);
}

static void put_bytes(struct packer *packer, const void *bytes, size_t count)
{
    put_varint(packer, count);
    if (count > 0) {
        memcpy(packer->at, bytes, count);
        packer->at += count;
    }
}

/* The value that a member has in memory, without its tag. */
static void put_value(struct packer *packer, ProtobufCType type, const void *member)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        put_varint(packer, (uint64_t)(int64_t) * (const int32_t *)member);
        return;
    case PROTOBUF_C_TYPE_SINT32:
        put_varint(packer, zigzag(*(const int32_t *)member) & UINT32_MAX);
        return;
    case PROTOBUF_C_TYPE_UINT32:
        put_varint(packer, *(const uint32_t *)member);
        return;
    case PROTOBUF_C_TYPE_BOOL:
        put_varint(packer, *(const protobuf_c_boolean *)member != 0);
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        put_varint(packer, *(const uint64_t *)member);
        return;
    case PROTOBUF_C_TYPE_SINT64:
        put_varint(packer, zigzag(*(const int64_t *)member));
        return;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        put_fixed(packer, member, 8);
        return;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        put_fixed(packer, member, 4);
        return;
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)member;

        put_bytes(packer, text, text == NULL ? 0 : strlen(text));
        return;
    }
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = member;

        put_bytes(packer, bytes->data, bytes->len);
        return;
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *message = *(ProtobufCMessage *const *)member;

        if (message == NULL) {
            *packer->at++ = 0;
        } else {
            put_message(packer, message);
        }
        return;
    }
    }
    UNREACHABLE();
}

static size_t element_bytes(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return 4;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    }
    UNREACHABLE();
}

static void put_repeated(struct packer *packer, const struct pack_step *step,
                         const uint8_t *elements, size_t count)
{
    ProtobufCType type = (ProtobufCType)step->type;
    size_t bytes = element_bytes(type);

    if ((step->tag & 7) != pack_wire(type)) {  // packed
        put_varint(packer, step->tag);
        uint8_t *from = packer->at++;
        for (size_t i = 0; i < count; i++) {
            put_value(packer, type, elements + i * bytes);
        }
        put_length(packer, from);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        put_varint(packer, step->tag);
        put_value(packer, type, elements + i * bytes);
    }
}

static inline void put_one(struct packer *packer, const struct pack_step *step, const uint8_t *base)
{
    put_varint(packer, step->tag);
    put_value(packer, (ProtobufCType)step->type, base + step->member);
}

/* Of the steps of a oneof, in the order of their ids, the one that is chosen, if it is among them.
 */
static void put_chosen(struct packer *packer, const struct pack_step *run, const uint8_t *base)
{
    uint32_t chosen = *(const uint32_t *)(base + run->watched);
    size_t low = 0, high = run->run;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (run[middle].tag >> 3 < chosen) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < run->run && run[low].tag >> 3 == chosen) {
        put_one(packer, &run[low], base);
    }
}

/* What is watched is not zero: it is `word`. */
static inline void put_watched(struct packer *packer, const struct pack_step *step,
                               const uint8_t *base, uint64_t word)
{
    switch ((enum pack_watch)step->watch) {
    case PACK_WATCH_32:
        put_one(packer, step, base);
        return;
    case PACK_WATCH_64:
        if (step->repeated) {
            put_repeated(packer, step, *(const uint8_t *const *)(base + step->member), word);
        } else {
            put_one(packer, step, base);
        }
        return;
    case PACK_WATCH_TEXT:
        if (*(const char *)(uintptr_t)word != '\0') {
            put_one(packer, step, base);
        }
        return;
    case PACK_WATCH_CASE:
        put_chosen(packer, step, base);
        return;
    }
    UNREACHABLE();
}

static void put_fields(struct packer *packer, const ProtobufCMessage *message)
{
    const struct pack_plan *plan = pack_plan_of(message->descriptor);
    const struct pack_step *end = plan->steps + plan->count;
    const uint8_t *base = (const uint8_t *)message;

    for (const struct pack_step *step = plan->steps; step < end; step++) {
        const uint8_t *watched = base + step->watched;
        uint64_t word =
            step->is_wide ? *(const uint64_t *)watched : (uint64_t) * (const uint32_t *)watched;

        if (word != 0) {
            put_watched(packer, step, base, word);
        }
        step += step->run - 1;
    }
}

size_t pack_message(const ProtobufCMessage *message, uint8_t *out)
{
    struct packer packer = { out };

    put_fields(&packer, message);
    return (size_t)(packer.at - out);
}
