#include "store/table.h"

#include <endian.h>
#include <string.h>

#include "base/check.h"
#include "definition/definition.h"

_Static_assert(DEFINITION_DEPARTMENT_CHARACTERS_MAX <= DEPARTMENT_KEY_BYTES,
               "two departments never share a key");

const char *table_name(enum table table)
{
    static const char *const names[] = {
#define X(table, name) [table] = name,
        STORE_TABLES(X)
#undef X
    };

    return names[table];
}

static void append(struct key *key, const void *big_endian, size_t bytes)
{
    CHECK(key->count + bytes <= sizeof key->bytes);
    memcpy(key->bytes + key->count, big_endian, bytes);
    key->count += bytes;
}

void key_u16(struct key *key, uint16_t value)
{
    value = htobe16(value);
    append(key, &value, sizeof value);
}

void key_u32(struct key *key, uint32_t value)
{
    value = htobe32(value);
    append(key, &value, sizeof value);
}

void key_u64(struct key *key, uint64_t value)
{
    value = htobe64(value);
    append(key, &value, sizeof value);
}

void key_string(struct key *key, const char *text)
{
    size_t bytes = strlen(text);

    CHECK(key->count + bytes <= sizeof key->bytes);
    memcpy(key->bytes + key->count, text, bytes);
    key->count += bytes;
}

void key_department(struct key *key, const char *department)
{
    size_t bytes = strnlen(department, DEPARTMENT_KEY_BYTES);

    CHECK(key->count + DEPARTMENT_KEY_BYTES <= sizeof key->bytes);
    memset(key->bytes + key->count, 0, DEPARTMENT_KEY_BYTES);
    memcpy(key->bytes + key->count, department, bytes);
    key->count += DEPARTMENT_KEY_BYTES;
}

struct bl_text key_text(const struct key *key)
{
    return (struct bl_text){ (const char *)key->bytes, key->count };
}

struct bl_text key_keep(const struct key *key, struct bl_arena *arena)
{
    return (struct bl_text){ bl_arena_copy(arena, key->bytes, key->count), key->count };
}

static uint64_t read_be(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

uint64_t key_read_u64(const void *at)
{
    return read_be(at, 8);
}

uint32_t key_read_u32(const void *at)
{
    return (uint32_t)read_be(at, 4);
}

uint16_t key_read_u16(const void *at)
{
    return (uint16_t)read_be(at, 2);
}
