/* form_wire.h — google.protobuf.Struct on the wire, read in place: map<string, Value> fields = 1.
 * Stricter than protobuf asks: a key and a value once each, one kind to a value, nothing unknown,
 * so that every decoder after us sees the same form. Texts are checked to be UTF-8 without NUL. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

/* Tags of a Value's kinds. */
enum value_tag {
    VALUE_NONE = 0,
    VALUE_NULL = 0x08,
    VALUE_NUMBER = 0x11,
    VALUE_STRING = 0x1A,
    VALUE_BOOL = 0x20,
    VALUE_STRUCT = 0x2A,
    VALUE_LIST = 0x32,
};

struct form_reader {
    const unsigned char *at, *end;
};

/* A Value before it is checked against a field: its kind and its bytes. */
struct form_wire_value {
    enum value_tag tag;
    double number;
    bool boolean;
    struct form_reader inside;  // of a string, struct or list
};

/* The text that a key or a string is; borrows the bytes. */
struct bl_text form_text_of(struct form_reader inside);
/* Reads one entry of the map: a key and a Value, in either order. */
bool form_read_entry(struct form_reader *reader, struct bl_text *key,
                     struct form_wire_value *value);
/* Reads the next element of a ListValue that is not at its end. */
bool form_read_element(struct form_reader *list, struct form_wire_value *value);
/* How many elements a ListValue has, or -1 if its bytes are none. */
int64_t form_list_count(struct form_reader list);
