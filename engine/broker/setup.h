/* setup.h — what a broker does before anybody may connect: its keys, a first administrator, and
 * the workflows of a folder. It speaks through the cycle like everybody else, as the engine's own
 * administrator, so that all of it is an event. */
#pragma once

#include "broker/cycle.h"
#include "broker/keyring.h"
#include "broker/test_clock.h"
#include "wire/identity.h"

#define SETUP_AUDIT_BYTES (2 * CHECKPOINT_KEY_BYTES + 1)  // the public key in hex

struct setup {
    struct store *store;
    struct cycle *cycle;
    const struct test_clock *clock;
    const char *data;  // folder
    struct keyring *keyring;
};

/* Reads the broker's key pair from its folder, or makes it at the first start. */
MUST_CHECK enum bl_err setup_identity(const struct setup *setup, struct identity *identity,
                                      struct bl_error *e);
/* Reads the key that signs the chain's checkpoints, or makes it at the first start, and writes its
 * public half into DATA/audit.pub, for auditors to take away. */
MUST_CHECK enum bl_err setup_audit(const char *data, struct checkpoint_key *key,
                                   char public_text[SETUP_AUDIT_BYTES], struct bl_error *e);
/* Takes the directory's keys into the keyring. */
MUST_CHECK enum bl_err setup_keyring(const struct setup *setup, struct bl_error *e);
/* While nobody is administrator: makes DATA/admin.identity if it is not there, and grants its key.
 */
MUST_CHECK enum bl_err setup_administrator(const struct setup *setup, const struct identity *broker,
                                           struct bl_error *e);
/* Publishes what a folder holds: calendars/, departments.yaml, workflows. What is published already
 * is passed over; what is refused is logged, and the start goes on.
 *   returns  BL_OK; BL_INVALID if there is no such folder; else why nothing can be written */
MUST_CHECK enum bl_err setup_publish(const struct setup *setup, const char *folder,
                                     struct bl_error *e);
