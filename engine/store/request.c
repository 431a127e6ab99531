#include "store/request.h"

#include <string.h>

#include <sodium.h>

#define UUID_CHARACTERS 36
#define UUID_BYTES 16
#define HASH_BYTES 16
#define WEEK_US (7 * DAY_US)
#define FORGET_MAX 64  // rows that one batch removes: more than it adds at rest, bounded under load

enum key_class { KEY_UUID = 0, KEY_TEXT = 1 };

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Reads a UUID of version 7; false for any other text. */
static bool read_uuid7(const char *id, uint8_t uuid[UUID_BYTES])
{
    size_t byte = 0;

    for (size_t i = 0; i < UUID_CHARACTERS; byte++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (id[i++] != '-') {
                return false;
            }
        }
        int high = hex_digit(id[i]);
        int low = high < 0 ? -1 : hex_digit(id[i + 1]);

        if (low < 0) {
            return false;
        }
        uuid[byte] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    return id[UUID_CHARACTERS] == '\0' && uuid[6] >> 4 == 7;
}

static void append_bytes(struct key *key, const uint8_t *bytes, size_t count)
{
    memcpy(key->bytes + key->count, bytes, count);
    key->count += count;
}

static struct key uuid_key(const uint8_t uuid[UUID_BYTES])
{
    struct key key = { .bytes = { KEY_UUID }, .count = 1 };

    append_bytes(&key, uuid, UUID_BYTES);
    return key;
}

static uint16_t week_of(bl_time at)
{
    return (uint16_t)(at / WEEK_US);
}

static struct key text_key(uint16_t week, const uint8_t hash[HASH_BYTES])
{
    struct key key = { .bytes = { KEY_TEXT }, .count = 1 };

    key_u16(&key, week);
    append_bytes(&key, hash, HASH_BYTES);
    return key;
}

static void text_keys(const void *text, size_t bytes, bl_time now, struct request_key *key)
{
    uint8_t hash[HASH_BYTES];

    CHECK(crypto_generichash(hash, sizeof hash, text, bytes, NULL, 0) == 0);
    key->at = text_key(week_of(now), hash);
    key->before[0] = text_key((uint16_t)(week_of(now) - 1), hash);
    key->before_count = 1;
}

enum bl_err request_key(const char *id, bl_time now, struct request_key *key, struct bl_error *e)
{
    uint8_t uuid[UUID_BYTES];
    size_t bytes = strlen(id);

    if (bytes > REQUEST_ID_CHARACTERS_MAX) {
        return bl_error_set(e, BL_INVALID, "request id of %zu bytes; at most %d", bytes,
                            REQUEST_ID_CHARACTERS_MAX);
    }
    if (bytes != UUID_CHARACTERS || !read_uuid7(id, uuid)) {
        text_keys(id, bytes, now, key);
        return BL_OK;
    }
    bl_time made = (bl_time)(key_read_u64(uuid) >> 16) * MILLISECOND_US;
    if (made > now + REQUEST_AHEAD_MAX) {
        return bl_error_set(e, BL_REFUSED, "request id lies in the future");
    }
    if (made >= now - REQUEST_FRESH) {
        *key = (struct request_key){ .at = uuid_key(uuid) };
        return BL_OK;
    }
    text_keys(uuid, sizeof uuid, now, key);
    key->before[key->before_count++] = uuid_key(uuid);  // it may have come when it was fresh
    return BL_OK;
}

enum bl_err request_find(struct store_read *read, const struct request_key *key,
                         struct bl_arena *arena, Bl__StoredRequest **request, struct bl_error *e)
{
    enum bl_err err = read_request(read, key_text(&key->at), arena, request, e);

    for (size_t i = 0; i < key->before_count && err == BL_NOT_FOUND; i++) {
        err = read_request(read, key_text(&key->before[i]), arena, request, e);
    }
    return err;
}

struct forgetting {
    struct store_write *write;
    struct bl_arena *arena;
    bl_time now;
    uint32_t count;
};

static bool is_old(struct bl_text key, bl_time now)
{
    if (key.at[0] == KEY_UUID) {
        bl_time made = (bl_time)(key_read_u64(key.at + 1) >> 16) * MILLISECOND_US;

        return made < now - REQUEST_FRESH - REQUEST_KEEP;  // it came a week ago at the latest
    }
    return key_read_u16(key.at + 1) + 1 < week_of(now);
}

static bool forget_row(void *context, struct bl_text key, struct bl_text value)
{
    struct forgetting *forgetting = context;

    (void)value;
    if (forgetting->count == FORGET_MAX || !is_old(key, forgetting->now)) {
        return false;
    }
    struct bl_text kept = { bl_arena_copy(forgetting->arena, key.at, key.bytes), key.bytes };
    store_write_remove(forgetting->write, TABLE_REQUESTS, kept);
    forgetting->count++;
    return true;
}

enum bl_err request_forget(struct store_write *write, bl_time now, struct bl_arena *arena,
                           struct bl_error *e)
{
    static const char first_text[] = { KEY_TEXT };
    struct forgetting forgetting = { write, arena, now, 0 };
    struct store_read *read = store_write_read(write);
    enum bl_err err =
        read_scan(read, TABLE_REQUESTS, (struct bl_text){ NULL, 0 }, forget_row, &forgetting, e);

    if (err == BL_OK && forgetting.count == 0) {
        err = read_scan(read, TABLE_REQUESTS, (struct bl_text){ first_text, 1 }, forget_row,
                        &forgetting, e);
    }
    return err;
}
