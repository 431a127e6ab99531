#include "schema/pack_plan.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/check.h"
#include "schema/reflect.h"

#define FIELDS_MAX 255

/* Facts about descriptors, which are constants themselves: the one exception to having no state of
 * the whole process, because whoever packs has nothing but the message in hand. */
const struct pack_plan *_Atomic pack_plans[PACK_PLANS];
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

unsigned pack_wire(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return PROTOBUF_C_WIRE_TYPE_64BIT;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return PROTOBUF_C_WIRE_TYPE_32BIT;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
        return PROTOBUF_C_WIRE_TYPE_VARINT;
    }
    UNREACHABLE();
}

/* proto3 leaves out what is zero: a message's pointer, the length of bytes. */
static enum pack_watch watch_of(const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        return PACK_WATCH_TEXT;
    }
    return reflect_element_bytes(field) == 4 ? PACK_WATCH_32 : PACK_WATCH_64;
}

_Static_assert(sizeof(void *) == 8 && sizeof(size_t) == 8 && sizeof(protobuf_c_boolean) == 4 &&
                   offsetof(ProtobufCBinaryData, len) == 0,
               "what is watched is as wide as it is said to be");

static struct pack_step step_of(const ProtobufCMessageDescriptor *descriptor, unsigned index)
{
    const ProtobufCFieldDescriptor *field = &descriptor->fields[index];
    bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
    bool packed = (field->flags & PROTOBUF_C_FIELD_FLAG_PACKED) != 0;
    bool chosen = (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;

    CHECK(field->offset <= UINT16_MAX && field->quantifier_offset <= UINT16_MAX);
    return (struct pack_step){
        .tag = field->id << 3 |
               (packed ? PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED : pack_wire(field->type)),
        .watched = (uint16_t)(repeated || chosen ? field->quantifier_offset : field->offset),
        .member = (uint16_t)field->offset,
        .watch = (uint8_t)(chosen     ? PACK_WATCH_CASE
                           : repeated ? PACK_WATCH_64
                                      : watch_of(field)),
        .type = (uint8_t)field->type,
        .repeated = repeated,
        .is_wide = !chosen && (repeated || watch_of(field) != PACK_WATCH_32),
        .run = 1,
    };
}

static struct pack_plan *new_plan(const ProtobufCMessageDescriptor *descriptor)
{
    struct pack_plan *plan = malloc(sizeof *plan + descriptor->n_fields * sizeof(struct pack_step));

    CHECK(plan != NULL);
    CHECK(descriptor->n_fields <= FIELDS_MAX);
    plan->descriptor = descriptor;
    plan->count = descriptor->n_fields;
    for (unsigned i = descriptor->n_fields; i-- > 0;) {
        struct pack_step *step = &plan->steps[i];

        *step = step_of(descriptor, i);
        if (step->watch == PACK_WATCH_CASE && i + 1 < plan->count &&
            step[1].watch == PACK_WATCH_CASE && step[1].watched == step->watched) {
            step->run = (uint8_t)(step[1].run + 1);
        }
    }
    return plan;
}

const struct pack_plan *pack_plan_make(const ProtobufCMessageDescriptor *descriptor)
{
    uint32_t at = pack_plan_home(descriptor);
    const struct pack_plan *plan;

    for (uint32_t tries = 0; (plan = pack_plans[at]) != NULL; tries++) {
        if (plan->descriptor == descriptor) {
            return plan;
        }
        CHECK(tries < PACK_PLANS);
        at = (at + 1) % PACK_PLANS;
    }
    CHECK(pthread_mutex_lock(&making) == 0);
    while (pack_plans[at] != NULL && pack_plans[at]->descriptor != descriptor) {
        at = (at + 1) % PACK_PLANS;  // others were quicker
    }
    if (pack_plans[at] == NULL) {
        pack_plans[at] = new_plan(descriptor);
    }
    plan = pack_plans[at];
    CHECK(pthread_mutex_unlock(&making) == 0);
    return plan;
}
