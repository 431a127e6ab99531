/* keyring.h — whose key is it?
 * A copy of the directory's keys that the handler of ZAP asks in its own thread and the front when
 * somebody says hello. It is rebuilt whenever the directory changes; a key that is not in it, or is
 * revoked, gets no connection. */
#pragma once

#include <stdbool.h>

#include "core/principal.h"
#include "wire/identity.h"

struct keyring;

struct keyring *keyring_new(void);
/* Takes NULL, leaves NULL. */
void keyring_free(struct keyring **keyring);

/* Takes over the directory's keys; safe while others find. */
void keyring_rebuild(struct keyring *keyring, const Bl__Directory *directory);
/* Finds who owns a public key (Z85) that is not revoked. */
bool keyring_find(struct keyring *keyring, const char *public_key, struct principal *principal);
/* The same by name: where the broker runs --plain and a name is all there is.
 *   returns  false where there is no such key; `revoked` tells whether there was one */
bool keyring_find_name(struct keyring *keyring, const char *name, struct principal *principal,
                       bool *revoked);
/* Is there a key of an administrator? Somebody must be able to begin. */
bool keyring_has_administrator(struct keyring *keyring);
