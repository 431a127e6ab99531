/* audit.h — is the chain whole, as far as its own bytes and signatures tell?
 * Walks the stored records of all events beside the chain: their order, what is missing, what is
 * there that no batch made, each hash, each checkpoint's signature. It knows nothing of what the
 * events say, so an auditor needs no more than the store's bytes and the hall's public key. */
#pragma once

#include "store/checkpoint.h"
#include "store/store.h"

#define AUDIT_KEYS_MAX 64         // one after another, as a hall changed them
#define AUDIT_CHECKPOINTS_MAX 64  // kept from earlier days

struct audit_request {
    /* The hall's keys, from elsewhere; none: each signature has only to be that of the key that it
     * names, which a forger's are too. */
    uint8_t keys[AUDIT_KEYS_MAX][CHECKPOINT_KEY_BYTES];
    size_t key_count;
    /* Checkpoints that were taken earlier: the chain has to go through each. */
    const Bl__ChainEntry *checkpoints[AUDIT_CHECKPOINTS_MAX];
    size_t checkpoint_count;
    /* Is told each problem; may be NULL. */
    void (*problem)(void *context, const char *where, uint64_t id, const char *what);
    void *context;
};

struct audit_result {
    uint64_t events, batches, checkpoints;
    uint64_t newest;        // event
    uint64_t signed_until;  // the event of the newest checkpoint; 0: there is none
    bl_time signed_at;
    uint8_t signer[CHECKPOINT_KEY_BYTES];  // of the newest checkpoint
    uint64_t problems;
};

/*   returns  BL_OK if the chain is whole, BL_CORRUPT if not, else why it could not be read */
MUST_CHECK enum bl_err audit_chain(struct store_read *read, const struct audit_request *request,
                                   struct audit_result *result, struct bl_error *e);

/* The newest checkpoint in the chain, or with `key` a new one under its newest event; it lies in
 * the arena. BL_NOT_FOUND where there is none. */
MUST_CHECK enum bl_err audit_checkpoint(struct store_read *read, const struct checkpoint_key *key,
                                        struct bl_arena *arena, Bl__ChainEntry **entry,
                                        struct bl_error *e);
