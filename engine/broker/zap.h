/* zap.h — the handler of ZeroMQ's authentication (RFC 27): who may connect at all.
 * Without a handler CURVE accepts any key, so it is started before anything is bound. A key that
 * the keyring knows gets in, and its Z85 is the user id of all that comes from it; everybody else
 * is refused. */
#pragma once

#include "base/error.h"
#include "broker/keyring.h"

struct zap;

/* Starts the handler's thread; `keyring` outlives it. */
MUST_CHECK enum bl_err zap_start(void *zmq, struct keyring *keyring, struct zap **zap,
                                 struct bl_error *e);
/* Waits for the thread, which ends when the context is shut down (zmq_ctx_shutdown). Takes NULL,
 * leaves NULL. */
void zap_join(struct zap **zap);
