/* bind_parts.h — the parts of bind.c: where we are, what is wrong there, and single values.
 * For bind.c, bind_scalar.c, bind_struct.c and bind_problem.c only. Every function that reads a
 * value adds a problem and returns false if the value is wrong; its place is then untouched. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "google/protobuf/struct.pb-c.h"
#include "schema/bind.h"

#define BIND_NUMBER_BYTES_MAX 40  // longer texts are no numbers of ours

/* Where we are: from a value up to the root. */
struct bind_frame {
    const struct bind_frame *up;
    const struct tree *node;
    struct bl_text name;  // field or key; empty at the root and for elements of lists
    uint32_t index;       // of an element
    bool element;         // of a list
    bool key;             // `name` is a key of a map, not a field
};

/* --- bind_problem.c */

/* Adds a problem at the value of `frame`, or with `at_key` at its key. */
void bind_problem(struct bind *bind, const struct bind_frame *frame, bool at_key, const char *code,
                  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* "expected …, found …", or that there is no value. */
void bind_wrong_type(struct bind *bind, const struct bind_frame *frame, const char *expected);
/* " in item fire_check": what holds a key, in the words of the file; empty at the root. */
const char *bind_holder(struct bind *bind, const struct bind_frame *frame);
/* What a node is, for "found …". */
const char *bind_found(struct bind *bind, const struct tree *node);
/* How far from each other two names may be to be meant for one another: a slip of the keys in a
 * short one (titel, title), more in a long one. */
uint32_t bind_near(const char *name);

/* --- bind_scalar.c: by the rule of their field, as far as there is one for the type */

bool bind_signed(struct bind *bind, const struct schema_field *rule, int64_t min, int64_t max,
                 const struct bind_frame *frame, int64_t *value);
bool bind_unsigned(struct bind *bind, const struct schema_field *rule, uint64_t max,
                   const struct bind_frame *frame, uint64_t *value);
bool bind_double(struct bind *bind, const struct schema_field *rule, double largest,
                 const struct bind_frame *frame, double *value);
bool bind_bool(struct bind *bind, const struct bind_frame *frame, protobuf_c_boolean *value);
bool bind_enum(struct bind *bind, const struct bind_frame *frame,
               const ProtobufCEnumDescriptor *enumeration, int *value);
/* *value is the empty string if the text is wrong. */
bool bind_string(struct bind *bind, const struct schema_field *rule, const struct bind_frame *frame,
                 const char **value);
bool bind_instant(struct bind *bind, const struct bind_frame *frame, int64_t *value);
bool bind_base64(struct bind *bind, const struct bind_frame *frame, ProtobufCBinaryData *value);

/* Copies a scalar that may be a number or the like; false if it is too long for one. */
bool bind_short_text(const struct tree *node, char text[BIND_NUMBER_BYTES_MAX]);
/* JSON's grammar of numbers: no plus sign, no leading zero, no bare point. */
bool bind_is_number(const char *text, bool *whole);

/* --- bind_struct.c: google.protobuf.Struct and its kin, as they look; never NULL */

Google__Protobuf__Struct *bind_struct(struct bind *bind, const struct bind_frame *frame);
Google__Protobuf__Value *bind_value(struct bind *bind, const struct bind_frame *frame);
Google__Protobuf__ListValue *bind_values(struct bind *bind, const struct bind_frame *frame);
