/* client.h — libbinglian: submit applications to a broker, ask it, and follow what happens.
 *
 *     struct bl_client *client = NULL;
 *     struct bl_error e = { 0 };
 *     if (bl_client_open("tcp://127.0.0.1:7701", NULL, &client, &e) != BL_OK) …
 *     if (bl_client_ask(client, &query, &shown, &e) == BL_OK) …
 *     bl_client_close(&client);
 *
 * A call is a command or a query. It may be made with a callback, many at once, or wait for its
 * answer. Calls are sent when the client is polled, many to one frame. A call whose answer does not
 * come is sent again under the same request id, which the broker does once at the most, over a
 * reconnect too; after the time-out it ends with BL_TIMEOUT and its outcome is unknown.
 *
 * Threads: a client belongs to one thread at a time. Callbacks run inside bl_client_poll and the
 * waiting calls, in that thread; they may make calls, but not wait, poll or close.
 * Ownership: what is handed over is copied; what is handed out lives until the callback returns,
 * or until the next call on the client where there is no callback. */
#pragma once

#include "base/error.h"
#include "base/time.h"
#include "binglian/v1/command.pb-c.h"
#include "binglian/v1/query.pb-c.h"
#include "binglian/v1/transport.pb-c.h"

#define BL_REQUEST_ID_BYTES 37  // a UUID and its NUL

struct bl_client;

/* All may be zero. */
struct bl_client_options {
    const char *identity;   // file of `binglian key new`; NULL: plain, to loopback and ipc only
    const char *program;    // name and version, for operators; NULL: "libbinglian VERSION"
    const char *principal;  // whom to claim to be where the broker runs --plain
    bl_span timeout;        // of every call; 0: 10 s
};

/* Called once when a command has ended.
 *   code    BL_OK: done and on disk, `answer` has the number of the last event that it made.
 *           A refusal's code: nothing was done, answer->refusal says why.
 *           Without an answer (NULL): BL_CANNOT_CONNECT or what the broker refused our hello with:
 *           it was never sent; BL_TIMEOUT: it was sent and its outcome is unknown;
 *           BL_TOO_LARGE: the broker takes no frame of that size. */
typedef void (*bl_client_answered)(void *context, enum bl_err code, const Bl__Answer *answer);
/* The same for a query. */
typedef void (*bl_client_shown)(void *context, enum bl_err code, const Bl__QueryAnswer *answer);
/* Called when an application has ended that was submitted here with `report_end`. */
typedef void (*bl_client_concluded)(void *context, const Bl__Concluded *concluded);
/* Called for each event, ascending, each once. */
typedef void (*bl_client_happened)(void *context, const Bl__EventView *event);

/* Opens a client; the connection is made when it is polled, and made again for ever.
 *   endpoint  the broker's --listen address: "tcp://127.0.0.1:7701", "ipc:///run/…"
 *   options   NULL: all zero
 *   returns   BL_OK; BL_INVALID for a wrong endpoint or identity file; BL_DENIED for a plain
 *             connection that would leave this machine; BL_IO if a socket cannot be made */
MUST_CHECK enum bl_err bl_client_open(const char *endpoint, const struct bl_client_options *options,
                                      struct bl_client **client, struct bl_error *e);
/* Forgets open calls without ending them. Blocks at most a second, to let written frames leave.
 * Takes NULL, leaves NULL. */
void bl_client_close(struct bl_client **client);

/* Makes a command. It leaves at the next poll.
 *   command  its `tag` is the caller's and comes back in the answer; an empty `request_id` is
 *            filled in (the caller's struct is not changed)
 *   done     may be NULL
 *   returns  BL_OK: `done` will be called. BL_UNAVAILABLE: too many calls are open; poll first. */
MUST_CHECK enum bl_err bl_client_command(struct bl_client *client, const Bl__Command *command,
                                         bl_client_answered done, void *context,
                                         struct bl_error *e);
/* Asks something. As bl_client_command. */
MUST_CHECK enum bl_err bl_client_query(struct bl_client *client, const Bl__Query *query,
                                       bl_client_shown done, void *context, struct bl_error *e);

/* The same, waiting for the end; other calls go on meanwhile.
 *   answer   may be NULL; gets the answer, or NULL where there is none
 *   returns  the code as a callback gets it, with a sentence in `e` */
MUST_CHECK enum bl_err bl_client_do(struct bl_client *client, const Bl__Command *command,
                                    const Bl__Answer **answer, struct bl_error *e);
MUST_CHECK enum bl_err bl_client_ask(struct bl_client *client, const Bl__Query *query,
                                     const Bl__QueryAnswer **answer, struct bl_error *e);

/* Reports every event after number `after` (0: from the first) that this client may see, without a
 * gap, for as long as it is polled. To resume, give the last number that was seen. One at a time:
 * a second call replaces the first; `happened` NULL ends it. */
void bl_client_follow(struct bl_client *client, uint64_t after, bl_client_happened happened,
                      void *context);
/* Sets who hears of the ends that `report_end` asked for; `concluded` NULL: nobody. A report is
 * lost with its connection: after a reconnect ask for the application. */
void bl_client_report(struct bl_client *client, bl_client_concluded concluded, void *context);
/* The newest event number that is known here; 0 before the first welcome. */
uint64_t bl_client_newest(const struct bl_client *client);
/* Has the broker welcomed us, and did it speak since? */
bool bl_client_is_connected(const struct bl_client *client);
/* Waits until the broker has welcomed us, for whoever has to know its zone before he says anything.
 *   returns  BL_OK, or why it has not within `timeout` */
MUST_CHECK enum bl_err bl_client_meet(struct bl_client *client, bl_span timeout,
                                      struct bl_error *e);
/* The hall's zone as the broker told it, in minutes east of UTC: for bl_time_format. 0 before the
 * first welcome. */
int32_t bl_client_utc_offset(const struct bl_client *client);

/* Sends what waits, receives what has come, calls callbacks; waits up to `timeout` for something to
 * do if there was nothing. 0 does not block.
 *   returns  BL_OK, also if nothing came; BL_IO if the sockets fail */
MUST_CHECK enum bl_err bl_client_poll(struct bl_client *client, bl_span timeout,
                                      struct bl_error *e);
/* For event loops: poll with timeout 0 when this descriptor becomes readable and at least every
 * bl_client_wake_after microseconds. It is edge-triggered: poll before you wait on it. */
int bl_client_fd(const struct bl_client *client);
bl_span bl_client_wake_after(const struct bl_client *client);

/* How many calls have not ended. */
uint32_t bl_client_open_calls(const struct bl_client *client);
/* Writes a fresh request id, ascending, into BL_REQUEST_ID_BYTES bytes: for callers that must know
 * it before the answer. */
void bl_client_request_id(struct bl_client *client, char *text);
