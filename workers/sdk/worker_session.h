/* worker_session.h — what a worker says and hears, without a socket, a clock or chance of its own.
 * A piece of work comes as a task, is taken by its caller, decided, and kept until the broker has
 * acknowledged the decision; or it is revoked, or given back. Over a lost connection all of it
 * stays: the next hello names it, and the welcome says under which attempts it goes on.
 *
 * The shell (worker.c) and the simulator do what client/link.h asks, hand over what comes in, and
 * take frames while there are any. `now` is monotonic microseconds and never goes back. */
#pragma once

#include "base/time.h"
#include "binglian/v1/transport.pb-c.h"
#include "client/link.h"
#include "sdk/worker.h"
#include "wire/frame.h"

#define WORKER_RESEND_AFTER (5 * SECOND_US)  // acknowledgements come in milliseconds, or never
#define WORKER_RETRY_AFTER (1 * SECOND_US)   // the broker had no room and named no time
#define WORKER_ITEMS_MAX 256                 // that one worker names

struct worker_session;

/* `options` as in worker.h (connect and identity are the shell's); copied. */
struct worker_session *worker_session_new(const struct bl_worker_options *options, uint64_t seed,
                                          bl_span now);
void worker_session_free(struct worker_session **session);

struct link *worker_session_link(struct worker_session *session);
/* Where to dial: NULL: the address we were given, whose welcome says where workers go; else that
 * one. Its host may be "*". */
const char *worker_session_endpoint(const struct worker_session *session);

/* A frame came: from the address that we were given, and from the workers' socket. Nothing of it is
 * kept. */
void worker_session_hear_front(struct worker_session *session, const Bl__BrokerFrame *frame,
                               bl_span now);
void worker_session_hear(struct worker_session *session, const Bl__TaskFrame *frame, bl_span now);

/* The connection is worth nothing: dial again, from the address that we were given. */
void worker_session_lose(struct worker_session *session, bl_span now);

/* As in worker.h. */
const Bl__Task *worker_session_take(struct worker_session *session);
MUST_CHECK enum bl_err worker_session_decide(struct worker_session *session, const char *attempt,
                                             const Bl__Decision *decision, uint64_t tag,
                                             struct bl_error *e);
void worker_session_give_back(struct worker_session *session, const char *attempt);
void worker_session_stop(struct worker_session *session);
bool worker_session_is_done(const struct worker_session *session);
int32_t worker_session_utc_offset(const struct worker_session *session);
uint32_t worker_session_held(const struct worker_session *session);
/* Gives back all that is not decided: of a worker that has no more time. */
void worker_session_abandon(struct worker_session *session);

/* Time has passed: lines up again what has no acknowledgement, and notices a dead connection. */
void worker_session_tick(struct worker_session *session, bl_span now);
/* Puts the next thing to say into an empty frame; false if there is none. What is put there counts
 * as sent. */
bool worker_session_say(struct worker_session *session, struct wire_frame *frame, bl_span now);
bl_span worker_session_wake_at(const struct worker_session *session);

/* CHECKs that the lists and counters agree; for simulations. */
void worker_session_check(const struct worker_session *session);
