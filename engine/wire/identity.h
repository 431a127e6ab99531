/* identity.h — a key pair and whom it trusts, in a file that only its owner reads.
 * `binglian key new NAME` writes one:
 *
 *     name: fire-1
 *     public_key: "…"      # CURVE, Z85, 40 characters; what `binglian key grant` is told
 *     secret_key: "…"
 *     broker_key: "…"      # the broker's public key
 *
 * The broker's own has no `broker_key`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define IDENTITY_KEY_BYTES 41  // Z85 of 32 bytes, and its NUL
#define IDENTITY_NAME_BYTES 64

struct identity {
    char name[IDENTITY_NAME_BYTES];
    char public_key[IDENTITY_KEY_BYTES];
    char secret_key[IDENTITY_KEY_BYTES];
    char broker_key[IDENTITY_KEY_BYTES];  // "" in the broker's own
};

/* Makes a fresh pair. `broker_key` may be NULL for the broker's own.
 *   errors  BL_INVALID for a name or key that is none; BL_FAILED if libzmq has no CURVE */
MUST_CHECK enum bl_err identity_make(const char *name, const char *broker_key,
                                     struct identity *identity, struct bl_error *e);
/* Makes a pair that signs (Ed25519): its secret is the seed. */
MUST_CHECK enum bl_err identity_make_signing(const char *name, struct identity *identity,
                                             struct bl_error *e);
/* The 32 bytes of a key; it is valid in any identity. */
void identity_key_bytes(const char key[IDENTITY_KEY_BYTES], uint8_t bytes[32]);
/* Reads a file.
 *   errors  BL_IO; BL_DENIED if others than its owner may read it; BL_INVALID with a position */
MUST_CHECK enum bl_err identity_load(const char *file, struct identity *identity,
                                     struct bl_error *e);
/* Writes a file that is not there yet, mode 0600, and waits until it is on disk.
 *   errors  BL_EXISTS, BL_IO; nothing is left behind */
MUST_CHECK enum bl_err identity_save(const struct identity *identity, const char *file,
                                     struct bl_error *e);
/* Overwrites the secret. */
void identity_forget(struct identity *identity);
