/* session.h — what a client says and hears, without a socket, a clock or chance of its own.
 * Calls (commands and queries) wait here until the broker has room for them, are sent many to a
 * frame, sent again under the same request id when no answer comes or the connection was lost, and
 * given up after the time-out. A call ends exactly once.
 *
 * The shell (client.c) and the simulator do what link.h asks, hand over what comes in, and take
 * frames while there are any. `now` is monotonic microseconds and never goes back. Read next:
 * client.h, the same things behind a socket. */
#pragma once

#include "base/time.h"
#include "binglian/v1/transport.pb-c.h"
#include "client/client.h"
#include "client/link.h"
#include "client/request_id.h"
#include "wire/frame.h"

#define CLIENT_CALLS_MAX 65536               // waiting and in flight: more is BL_UNAVAILABLE
#define CLIENT_IN_FLIGHT_DEFAULT 1000        // until a welcome says other
#define CLIENT_RESEND_AFTER (5 * SECOND_US)  // answers come in milliseconds, or never
#define CLIENT_FOLLOW_PAGE 1000              // events of one query
#define CLIENT_FOLLOW_IDLE (5 * SECOND_US)   // ask anyway: a published number may be lost

struct client_session;

struct client_config {
    const char *program;    // name and version, for operators; copied
    const char *principal;  // a claim, for a broker that runs --plain; copied, may be NULL
    bl_span timeout;        // a call without an answer is given up after this
    bl_time epoch;          // the wall clock when the monotonic one was 0
    uint64_t seed;          // of request ids and jitter
};

struct client_session *client_session_new(const struct client_config *config, bl_span now);
/* Forgets all calls without ending them. Takes NULL, leaves NULL. */
void client_session_free(struct client_session **session);

struct link *client_session_link(struct client_session *session);
/* The endpoint of the newest event number, as the welcome told it; "" before. Its host may be "*".
 */
const char *client_session_publish(const struct client_session *session);

/* As in client.h. */
MUST_CHECK enum bl_err client_session_command(struct client_session *session,
                                              const Bl__Command *command, bl_client_answered done,
                                              void *context, bl_span now, struct bl_error *e);
MUST_CHECK enum bl_err client_session_query(struct client_session *session, const Bl__Query *query,
                                            bl_client_shown done, void *context, bl_span now,
                                            struct bl_error *e);
void client_session_request_id(struct client_session *session, bl_span now, char *text);
void client_session_report(struct client_session *session, bl_client_concluded concluded,
                           void *context);
void client_session_follow(struct client_session *session, uint64_t after,
                           bl_client_happened happened, void *context);

/* A frame came. Ends calls through their callbacks, which may make new ones. Tags are put back
 * into the answers, which is why the frame is not const. */
void client_session_hear(struct client_session *session, Bl__BrokerFrame *frame, bl_span now);
/* The connection is worth nothing: dial again. */
void client_session_lose(struct client_session *session, bl_span now);
/* A newest event number was published. */
void client_session_hear_newest(struct client_session *session, uint64_t newest);
uint64_t client_session_newest(const struct client_session *session);
int32_t client_session_utc_offset(const struct client_session *session);

/* Time has passed: gives up what is too old, lines up again what has no answer, and notices a dead
 * connection. */
void client_session_tick(struct client_session *session, bl_span now);
/* Puts the next thing to say into an empty frame; false if there is none. What is put there counts
 * as sent. */
bool client_session_say(struct client_session *session, struct wire_frame *frame, bl_span now);
/* When to tick even if nothing comes. */
bl_span client_session_wake_at(const struct client_session *session);

/* Calls that have not ended. */
uint32_t client_session_open(const struct client_session *session);
/* Why the broker last hung up or refused us: BL_OK if it never did since it last welcomed us. */
enum bl_err client_session_refusal(const struct client_session *session, const char **reason);

/* CHECKs that the lists and counters agree; for simulations. */
void client_session_check(const struct client_session *session);
