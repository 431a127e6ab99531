/* pack_plan.h — what packing has to know of a message's fields, side by side.
 * A descriptor of protobuf-c spends 72 bytes on a field and leaves to whoever packs how its absence
 * is seen. A plan spends 16, so that passing over what is not there costs a few instructions. Plans
 * are made when a message is first packed and never change; any thread may ask. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdint.h>

enum pack_watch {
    PACK_WATCH_32,    // absent where the 32 bits at `watched` are zero
    PACK_WATCH_64,    // … 64 bits: a number, a pointer, how many there are
    PACK_WATCH_TEXT,  // absent where the text at `watched` is empty
    PACK_WATCH_CASE,  // one of a oneof, whose case stands at `watched`
};

struct pack_step {
    uint32_t tag;
    uint16_t watched;  // offset in the message of what tells whether it is there
    uint16_t member;   // offset of the value, or of the pointer to the repeated ones
    uint8_t watch;     // enum pack_watch
    uint8_t is_wide;   // 64 bits are watched, not 32
    uint8_t type;      // ProtobufCType
    uint8_t repeated;
    uint8_t run;  // of a oneof: how many steps from here on belong to it, one behind the other
};

struct pack_plan {
    const ProtobufCMessageDescriptor *descriptor;
    uint32_t count;
    struct pack_step steps[];
};

const struct pack_plan *pack_plan_make(const ProtobufCMessageDescriptor *descriptor);

/* The wire type of a value outside a packed array. */
unsigned pack_wire(ProtobufCType type);

/* Plans by the address of their descriptor; an entry that is set stays. */
#define PACK_PLANS 1024  // four times the messages of proto/
extern const struct pack_plan *_Atomic pack_plans[PACK_PLANS];

static inline uint32_t pack_plan_home(const ProtobufCMessageDescriptor *descriptor)
{
    return (uint32_t)((uintptr_t)descriptor / 8 * 2654435761U >> 20) % PACK_PLANS;
}

/* The plan of a message. */
static inline const struct pack_plan *pack_plan_of(const ProtobufCMessageDescriptor *descriptor)
{
    const struct pack_plan *plan = pack_plans[pack_plan_home(descriptor)];

    return plan != NULL && plan->descriptor == descriptor ? plan : pack_plan_make(descriptor);
}
