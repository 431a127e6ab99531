#include "store/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>

#include <sodium.h>

#include "base/check.h"

#define TEXT_BYTES 512
#define HASH_BYTES_MAX 64
#define ALGORITHM_BYTES_MAX 64

_Static_assert(CHECKPOINT_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(CHECKPOINT_KEY_BYTES == crypto_sign_SEEDBYTES, "Ed25519");
_Static_assert(CHECKPOINT_SECRET_BYTES == crypto_sign_SECRETKEYBYTES, "Ed25519");
_Static_assert(CHECKPOINT_SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519");

void checkpoint_key_of(const uint8_t seed[CHECKPOINT_KEY_BYTES], struct checkpoint_key *key)
{
    CHECK(crypto_sign_seed_keypair(key->public_key, key->secret_key, seed) == 0);
}

/* The text that is signed; how long it is. */
static size_t text_of(const Bl__ChainEntry *entry, char text[TEXT_BYTES])
{
    char hash[2 * HASH_BYTES_MAX + 1];

    (void)sodium_bin2hex(hash, sizeof hash, entry->hash.data, entry->hash.len);
    int bytes = snprintf(text, TEXT_BYTES,
                         "binglian checkpoint\nevent %" PRIu64 "\nat %" PRId64 "\n%.*s %s\n",
                         entry->last, entry->at, ALGORITHM_BYTES_MAX, entry->alg, hash);

    CHECK(bytes > 0 && bytes < TEXT_BYTES);
    return (size_t)bytes;
}

void checkpoint_sign(const struct checkpoint_key *key, Bl__ChainEntry *entry,
                     uint8_t signature[CHECKPOINT_SIGNATURE_BYTES])
{
    char text[TEXT_BYTES];

    CHECK(entry->hash.len <= HASH_BYTES_MAX);
    size_t bytes = text_of(entry, text);
    CHECK(crypto_sign_detached(signature, NULL, (const uint8_t *)text, bytes, key->secret_key) ==
          0);
    entry->signer.data = (uint8_t *)(uintptr_t)key->public_key;
    entry->signer.len = CHECKPOINT_KEY_BYTES;
    entry->signature.data = signature;
    entry->signature.len = CHECKPOINT_SIGNATURE_BYTES;
}

bool checkpoint_is_signed(const Bl__ChainEntry *entry)
{
    return entry->signature.len > 0 || entry->signer.len > 0;
}

bool checkpoint_is_genuine(const Bl__ChainEntry *entry)
{
    char text[TEXT_BYTES];

    if (entry->signer.len != CHECKPOINT_KEY_BYTES ||
        entry->signature.len != CHECKPOINT_SIGNATURE_BYTES || entry->hash.len > HASH_BYTES_MAX) {
        return false;
    }
    size_t bytes = text_of(entry, text);
    return crypto_sign_verify_detached(entry->signature.data, (const uint8_t *)text, bytes,
                                       entry->signer.data) == 0;
}
