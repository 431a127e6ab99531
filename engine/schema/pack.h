/* pack.h — messages → bytes, for what is packed by the ten thousand a second.
 * The bytes are those of protobuf_c_message_pack, for messages of proto/ and without unknown
 * fields. That one asks some thirty instructions of every field that is not there, and a state or
 * an event has dozens; this one a handful. */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/* Packs into `out`, which has room for all of it. Returns how many bytes. */
size_t pack_message(const ProtobufCMessage *message, uint8_t *out);
