/* front.h — the broker's sockets: what comes in, and what leaves when it is on disk.
 * One ROUTER for clients, one for workers, one XPUB for the newest event number; one thread owns
 * them all. A turn of the loop drains what has come into the batch that is being filled, hands it
 * to the committer when it is free, and sends what finished batches have made: answers,
 * acknowledgements, tasks, the newest number. Everything for one peer leaves in one message.
 * Read next: front_client.c and front_worker.c for what each side may say, front_send.c for how it
 * is answered; session.h and dispatch.h decide, committer.h commits. */
#pragma once

#include "binglian/v1/query.pb-c.h"
#include "broker/committer.h"
#include "broker/desk.h"
#include "broker/keyring.h"
#include "broker/test_clock.h"
#include "wire/socket.h"

struct front;

/* Answers a query from the store.
 *   answer  initialised, with its tag; everything in it lies in the arena or the answer's life */
typedef enum bl_err (*front_query)(void *context, const Bl__Query *query,
                                   const struct principal *principal, bl_time now,
                                   struct bl_arena *arena, Bl__QueryAnswer *answer,
                                   struct bl_error *e);

struct front_config {
    void *zmq;                               // context
    const struct identity *identity;         // NULL: plain
    const char *listen, *workers, *publish;  // endpoints; the last two may be "": beside `listen`
    const char *workers_before, *publish_before;  // where they were before; tried first; may be ""
    uint32_t start;                               // number of this start, for attempts
    uint64_t newest_event;
    bl_time next_timer;
    int32_t utc_offset_minutes;
    struct test_clock clock;
    struct keyring *keyring;
    struct committer *committer;
    struct desk *desk;
    front_query query;
    void *query_context;
    void (*reload)(void *context);  // SIGHUP
    void *reload_context;
    int signals;  // a signalfd of SIGTERM, SIGINT and SIGHUP
};

/* Binds the sockets. The configuration is copied, what it points to is borrowed.
 *   errors  as wire_socket_bind */
MUST_CHECK enum bl_err front_open(const struct front_config *config, struct front **front,
                                  struct bl_error *e);
/* Takes NULL, leaves NULL. */
void front_close(struct front **front);
/* Where it listens, wild cards resolved. */
const char *front_listen(const struct front *front);
const char *front_workers(const struct front *front);
const char *front_publish(const struct front *front);
/* Serves until SIGTERM or SIGINT: then it takes nothing more, waits for what is being committed,
 * and says what has become of it. */
void front_run(struct front *front);
