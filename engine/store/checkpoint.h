/* checkpoint.h — a signature under the chain of hashes, so that nobody can write another chain.
 * The broker signs the first batch of each second with the hall's audit key (Ed25519). Whoever has
 * the public key from elsewhere — the broker says it at its start, DATA/audit.pub holds it — can
 * tell a chain from a forged one up to its last checkpoint; whoever keeps a checkpoint from the
 * day it was made can tell that nothing before it was cut off or changed.
 *
 * What is signed is a text, so that any program can make it again:
 *
 *     binglian checkpoint
 *     event 1042
 *     at 1795395600000000
 *     blake2b-256 4ac0…          the chain's hash at that event, in hex
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "binglian/v1/store.pb-c.h"

#define CHECKPOINT_SPAN SECOND_US  // a batch so much later than the last checkpoint is one
#define CHECKPOINT_KEY_BYTES 32
#define CHECKPOINT_SECRET_BYTES 64
#define CHECKPOINT_SIGNATURE_BYTES 64

struct checkpoint_key {
    uint8_t public_key[CHECKPOINT_KEY_BYTES];
    uint8_t secret_key[CHECKPOINT_SECRET_BYTES];
};

/* The key pair of a seed of 32 bytes. */
void checkpoint_key_of(const uint8_t seed[CHECKPOINT_KEY_BYTES], struct checkpoint_key *key);

/* Signs an entry whose other fields are set; it borrows the key and the signature's bytes. */
void checkpoint_sign(const struct checkpoint_key *key, Bl__ChainEntry *entry,
                     uint8_t signature[CHECKPOINT_SIGNATURE_BYTES]);
bool checkpoint_is_signed(const Bl__ChainEntry *entry);
/* Is the signature that of the key that it names? */
bool checkpoint_is_genuine(const Bl__ChainEntry *entry);
