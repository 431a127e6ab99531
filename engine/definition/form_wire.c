#include "definition/form_wire.h"

#include <string.h>

/* Tags of Struct, of its map's entries and of ListValue. */
enum { TAG_ENTRY = 0x0A, TAG_KEY = 0x0A, TAG_VALUE = 0x12, TAG_ELEMENT = 0x0A };

static inline bool read_varint(struct form_reader *reader, uint64_t *value)
{
    uint64_t result = 0;

    if (reader->at < reader->end && *reader->at < 0x80) {  // nearly all are one byte
        *value = *reader->at++;
        return true;
    }
    for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
        unsigned char byte = *reader->at++;

        result |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value = result;
            return true;
        }
    }
    return false;
}

static inline bool read_bytes(struct form_reader *reader, struct form_reader *inside)
{
    uint64_t bytes;

    if (!read_varint(reader, &bytes) || bytes > (size_t)(reader->end - reader->at)) {
        return false;
    }
    *inside = (struct form_reader){ reader->at, reader->at + bytes };
    reader->at += bytes;
    return true;
}

struct bl_text form_text_of(struct form_reader inside)
{
    return (struct bl_text){ (const char *)inside.at, (size_t)(inside.end - inside.at) };
}

static bool read_scalar(struct form_reader *inside, struct form_wire_value *value)
{
    uint64_t number;

    if (value->tag == VALUE_NUMBER) {
        if (inside->end - inside->at < 8) {
            return false;
        }
        memcpy(&value->number, inside->at, 8);  // little-endian, as every machine we build for
        inside->at += 8;
        return true;
    }
    if (!read_varint(inside, &number)) {
        return false;
    }
    value->boolean = number != 0;
    return true;
}

/* Reads a Value: exactly one kind, so that every decoder sees the same one. */
static bool read_value(struct form_reader inside, struct form_wire_value *value)
{
    *value = (struct form_wire_value){ .tag = VALUE_NONE };
    if (inside.at == inside.end) {
        return false;
    }
    value->tag = *inside.at++;
    switch (value->tag) {
    case VALUE_NULL:
    case VALUE_NUMBER:
    case VALUE_BOOL:
        if (!read_scalar(&inside, value)) {
            return false;
        }
        break;
    case VALUE_STRING:
        if (!read_bytes(&inside, &value->inside)) {
            return false;
        }
        if (!bl_text_is_valid((const char *)value->inside.at,
                              (size_t)(value->inside.end - value->inside.at))) {
            return false;
        }
        break;
    case VALUE_STRUCT:
    case VALUE_LIST:
        if (!read_bytes(&inside, &value->inside)) {
            return false;
        }
        break;
    case VALUE_NONE:
    default:  // whatever the peer sent
        return false;
    }
    return inside.at == inside.end;
}

bool form_read_entry(struct form_reader *reader, struct bl_text *key, struct form_wire_value *value)
{
    struct form_reader entry, part;
    bool has_key = false, has_value = false;

    if (reader->at == reader->end || *reader->at++ != TAG_ENTRY || !read_bytes(reader, &entry)) {
        return false;
    }
    while (entry.at < entry.end) {
        unsigned char tag = *entry.at++;

        if (!read_bytes(&entry, &part)) {
            return false;
        }
        if (tag == TAG_KEY && !has_key) {
            *key = form_text_of(part);
            has_key = bl_text_is_valid(key->at, key->bytes);
        } else if (tag == TAG_VALUE && !has_value) {
            has_value = read_value(part, value);
        } else {
            return false;
        }
    }
    return has_key && has_value;
}

bool form_read_element(struct form_reader *list, struct form_wire_value *value)
{
    struct form_reader inside;

    return *list->at++ == TAG_ELEMENT && read_bytes(list, &inside) && read_value(inside, value);
}

int64_t form_list_count(struct form_reader list)
{
    struct form_reader inside;
    int64_t count = 0;

    while (list.at < list.end) {
        if (*list.at++ != TAG_ELEMENT || !read_bytes(&list, &inside)) {
            return -1;
        }
        count++;
    }
    return count;
}
