/* reflect.h — fields of any message, by its descriptor.
 * A field is a list of elements: those of a repeated field, or one if a single field is present,
 * which in proto3 means other than the zero of its type (a member of a oneof: chosen). */
#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/* How many elements the field has. */
size_t reflect_count(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* An element: a pointer to the int32_t, double, char *, ProtobufCBinaryData, ProtobufCMessage * …
 * that it is. index < reflect_count. */
const void *reflect_at(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                       size_t index);
/* Where the value of a single field lies, present or not. */
const void *reflect_single(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);

/* A message with nothing in it. */
ProtobufCMessage *reflect_new(const ProtobufCMessageDescriptor *descriptor, struct bl_arena *arena);
/* Makes a single field present, a oneof choose it, and gives the place for its value. */
void *reflect_choose(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field);
/* Makes a repeated field `count` zero elements long and gives the place of the first. */
void *reflect_resize(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, size_t count,
                     struct bl_arena *arena);
/* Bytes from one element to the next. */
size_t reflect_element_bytes(const ProtobufCFieldDescriptor *field);
/* The member that is chosen of the oneof to which the field belongs; NULL: none, or no oneof. */
const ProtobufCFieldDescriptor *reflect_chosen(const ProtobufCMessage *message,
                                               const ProtobufCFieldDescriptor *field);
