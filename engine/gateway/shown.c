#include "gateway/shown.h"

#define XXH_INLINE_ALL
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "gateway/gateway.h"
#include "store/read.h"
#include "store/record.h"

#define SLOTS 1024                         // each with one view: whoever comes later takes it over
#define BODY_BYTES_MAX ((size_t)32 << 10)  // of one; larger ones are made anew
#define FRESH SECOND_US

/* For whom: all that a view depends on besides the record. */
struct viewer_key {
    struct principal person;
    char number[64];
};

struct slot {
    struct viewer_key key;
    uint64_t version;  // 0: empty
    bl_span made_at;
    uint32_t revision;
    char *body;
    size_t bytes;
};

struct shown {
    pthread_mutex_t lock;
    struct slot slots[SLOTS];
};

struct shown *shown_new(void)
{
    struct shown *shown = calloc(1, sizeof *shown);

    CHECK(shown != NULL && pthread_mutex_init(&shown->lock, NULL) == 0);
    return shown;
}

void shown_free(struct shown **shown)
{
    if (*shown == NULL) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        free((*shown)->slots[i].body);
    }
    (void)pthread_mutex_destroy(&(*shown)->lock);
    free(*shown);
    *shown = NULL;
}

/* Zeroed first, so that equal keys are equal bytes. */
static bool make_key(const struct request *request, const char *number, struct viewer_key *key)
{
    const struct principal *person = &request->caller.person;

    memset(key, 0, sizeof *key);
    key->person.role = person->role;
    bl_text_copy(key->person.name, sizeof key->person.name, person->name);
    bl_text_copy(key->person.department, sizeof key->person.department, person->department);
    bl_text_copy(key->person.post, sizeof key->person.post, person->post);
    bl_text_copy(key->number, sizeof key->number, number);
    return strlen(number) < sizeof key->number;
}

static struct slot *slot_of(struct shown *shown, const struct viewer_key *key)
{
    return &shown->slots[XXH3_64bits(key, sizeof *key) % SLOTS];
}

bool shown_again(struct shown *shown, struct request *request, const char *number, uint64_t version)
{
    struct viewer_key key;
    uint32_t revision = 0;

    if (version == 0 || !make_key(request, number, &key)) {
        return false;
    }
    const struct slot *slot = slot_of(shown, &key);
    (void)pthread_mutex_lock(&shown->lock);
    bool same = slot->version == version && request->begun - slot->made_at < FRESH &&
                memcmp(&slot->key, &key, sizeof key) == 0;
    if (same) {
        response_copy(request, 200, "application/json",
                      (struct bl_text){ slot->body, slot->bytes });
        revision = slot->revision;
    }
    (void)pthread_mutex_unlock(&shown->lock);
    if (same) {
        response_json_end(request, revision);
    }
    return same;
}

void shown_keep(struct shown *shown, const struct request *request, const char *number,
                uint64_t version, uint32_t revision)
{
    const struct writer *body = &request->response.body;
    struct viewer_key key;

    if (version == 0 || request->response.status != 200 || body->bytes > BODY_BYTES_MAX ||
        !make_key(request, number, &key)) {
        return;
    }
    char *copy = malloc(body->bytes + 1);
    CHECK(copy != NULL);
    memcpy(copy, body->at, body->bytes);
    struct slot *slot = slot_of(shown, &key);
    (void)pthread_mutex_lock(&shown->lock);
    char *before = slot->body;

    *slot = (struct slot){ key, version, request->begun, revision, copy, body->bytes };
    (void)pthread_mutex_unlock(&shown->lock);
    free(before);
}

uint64_t shown_version(struct request *request, const char *number)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    struct bl_text record;
    uint64_t id;

    if (store_read_begin(request->gateway->store, &read, NULL) != BL_OK ||
        read_number(read, number, &id, NULL) != BL_OK ||
        read_application_record(read, id, &record, NULL) != BL_OK ||
        record.bytes < RECORD_HEAD_BYTES) {
        return 0;
    }
    uint64_t version = XXH3_64bits_withSeed(record.at, RECORD_HEAD_BYTES, record.bytes);

    return version == 0 ? 1 : version;
}
