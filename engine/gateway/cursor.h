/* cursor.h — where a list goes on, as readers hold it: the store's position, sealed with a keyed
 * BLAKE2b (16 bytes) for one account and one route, in URL-safe base64. A position that this
 * gateway did not hand out is refused before the store sees it. The key is DATA/gateway/cursor.key,
 * made once, readable by the gateway's user alone: cursors survive restarts. */
#pragma once

#include "gateway/request.h"

#define CURSOR_KEY_BYTES 32

/* Reads the key below DATA/gateway, which has to be there, and makes it where there is none.
 * BL_IO, BL_CORRUPT (a file of another size). */
MUST_CHECK enum bl_err cursor_open(const char *data, unsigned char key[CURSOR_KEY_BYTES],
                                   struct bl_error *e);
/* The store's cursor as the caller of this route gets it; in the arena. */
const char *cursor_seal(struct request *request, const char *position);
/* Puts the store's cursor in place of the caller's in `after` of a question, if it has one; false
 * after the problem was answered. */
bool cursor_unseal(struct request *request, ProtobufCMessage *question);
