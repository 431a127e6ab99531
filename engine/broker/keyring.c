#include "broker/keyring.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"

struct entry {
    char public_key[IDENTITY_KEY_BYTES];
    bool revoked;
    struct principal principal;
};

struct keyring {
    pthread_mutex_t lock;
    struct entry *entries;
    size_t entry_count;
};

struct keyring *keyring_new(void)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);

    CHECK(keyring != NULL);
    CHECK(pthread_mutex_init(&keyring->lock, NULL) == 0);
    return keyring;
}

void keyring_free(struct keyring **keyring)
{
    if (*keyring != NULL) {
        free((*keyring)->entries);
        (void)pthread_mutex_destroy(&(*keyring)->lock);
        free(*keyring);
        *keyring = NULL;
    }
}

static void entry_fill(struct entry *entry, const Bl__Key *key)
{
    entry->revoked = key->revoked;
    entry->principal.role = key->role;
    bl_text_copy(entry->public_key, sizeof entry->public_key, key->public_key);
    bl_text_copy(entry->principal.name, sizeof entry->principal.name, key->name);
    bl_text_copy(entry->principal.department, sizeof entry->principal.department, key->department);
    bl_text_copy(entry->principal.post, sizeof entry->principal.post, key->post);
}

void keyring_rebuild(struct keyring *keyring, const Bl__Directory *directory)
{
    struct entry *entries = calloc(directory->n_keys + 1, sizeof *entries);

    CHECK(entries != NULL);
    for (size_t i = 0; i < directory->n_keys; i++) {
        entry_fill(&entries[i], directory->keys[i]);
    }
    (void)pthread_mutex_lock(&keyring->lock);
    struct entry *old_entries = keyring->entries;

    keyring->entries = entries;
    keyring->entry_count = directory->n_keys;
    (void)pthread_mutex_unlock(&keyring->lock);
    free(old_entries);
}

static const struct entry *find_key(const struct keyring *keyring, const char *public_key)
{
    for (size_t i = 0; i < keyring->entry_count; i++) {
        const struct entry *entry = &keyring->entries[i];

        if (!entry->revoked && strcmp(entry->public_key, public_key) == 0) {
            return entry;
        }
    }
    return NULL;
}

bool keyring_find(struct keyring *keyring, const char *public_key, struct principal *principal)
{
    (void)pthread_mutex_lock(&keyring->lock);
    const struct entry *entry = find_key(keyring, public_key);

    if (entry != NULL) {
        *principal = entry->principal;
    }
    (void)pthread_mutex_unlock(&keyring->lock);
    return entry != NULL;
}

bool keyring_find_name(struct keyring *keyring, const char *name, struct principal *principal,
                       bool *revoked)
{
    bool found = false;

    *revoked = false;
    (void)pthread_mutex_lock(&keyring->lock);
    for (size_t i = 0; i < keyring->entry_count && !found; i++) {
        const struct entry *entry = &keyring->entries[i];

        if (strcmp(entry->principal.name, name) == 0) {
            *revoked |= entry->revoked;
            found = !entry->revoked;
            *principal = found ? entry->principal : *principal;
        }
    }
    (void)pthread_mutex_unlock(&keyring->lock);
    return found;
}

bool keyring_has_administrator(struct keyring *keyring)
{
    bool found = false;

    (void)pthread_mutex_lock(&keyring->lock);
    for (size_t i = 0; i < keyring->entry_count; i++) {
        found |= !keyring->entries[i].revoked &&
                 keyring->entries[i].principal.role == BL__KEY__ROLE__ADMINISTRATOR;
    }
    (void)pthread_mutex_unlock(&keyring->lock);
    return found;
}
