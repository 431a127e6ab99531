/* front_state.h — what the files of the front share; nobody else includes it. */
#pragma once

#include "broker/dispatch.h"
#include "broker/front.h"
#include "broker/session.h"
#include "core/refusal.h"

/* A batch that holds so many commands is worth a commit: what else clients have sent waits in their
 * socket for the next, and decisions for theirs. A frame that was begun is heard to its end. */
#define CLIENT_BATCH_MAX 1024
#define WORKER_BATCH_MAX 4096
/* What queries may take of a turn: then clients wait for the next, and workers are heard. */
#define QUERY_TIME_MAX (10 * MILLISECOND_US)
/* Clients wait so long for a commit, then they are told to try later. */
#define OVERLOAD_AFTER (250 * MILLISECOND_US)
#define COMMAND_BYTES_MAX (WIRE_FRAME_BYTES_MAX - 4096)  // so that a task made of it fits a frame
#define BODIES_BYTES_MAX ((size_t)32 << 20)  // of tasks that wait; others are read again
#define RETRY_AFTER_MS 100  // a batch goes to disk in some milliseconds; overload lasts longer

struct front {
    struct front_config config;
    void *sockets[SIDE_WORKER + 1];
    void *publish;
    char listen[WIRE_ENDPOINT_BYTES], workers[WIRE_ENDPOINT_BYTES], published[WIRE_ENDPOINT_BYTES];
    struct sessions sessions;
    struct dispatch *dispatch;
    struct bl_map reports;  // application → session that wants to hear of its end
    uint64_t reports_gone;  // how many sessions had ended when they were last looked through
    struct batch *filling;  // NULL while all batches go round
    struct bl_arena arena;  // of one frame that came in, or one answer
    struct task_scratch scratch;
    size_t bodies_bytes;  // of tasks that wait
    uint32_t queries;     // in the frame that is heard
    bl_span query_time;   // spent in this turn
    bool stopping;
    /* Of this turn. */
    bl_span now;
    bl_time wall;
    bool received;  // something came: look again before sleeping
    bool more_to_dispatch;
    /* Of the newest finished batch. */
    uint64_t newest_event;
    uint64_t published_event;
    bl_time next_timer;
    bool timers_due;
    /* For people. */
    bl_time started_at;
    uint64_t batches;
    uint64_t dropped;  // frames that nobody could be told about
    bl_span dropped_logged_at;
    bl_span ticked_at, fed_at;
    bl_span watchdog_every;
};

/* One frame as it came. `key` is the Z85 that its connection proved, "" where it runs --plain. */
struct front_frame {
    enum session_side side;
    uint64_t route;
    const char *key;
    struct bl_text bytes;
};

/* front.c: takes in one frame, whatever it is. */
void front_hear(struct front *front, const struct front_frame *frame);

/* front_client.c and front_worker.c: hear one field of a frame.
 *   principal  who speaks; lives as long as the batch
 *   returns    the session, or NULL if it is over */
/* Takes a command of either side. False: the session is over. */
bool front_hear_command(struct front *front, struct session *session,
                        const struct principal *principal, struct bl_text bytes);
bool front_tell_answer(struct front *front, struct session *session, const Bl__Answer *answer);
struct session *front_client_field(struct front *front, struct session *session,
                                   const struct principal *principal,
                                   const struct wire_field *field);
struct session *front_worker_field(struct front *front, struct session *session,
                                   const struct principal *principal,
                                   const struct wire_field *field);

/* front_hello.c */
/* Begins a session, in place of one that the route may have, and welcomes the peer. */
struct session *front_hello(struct front *front, const struct front_frame *frame,
                            struct bl_text hello);
/* Ends the sessions whose key the directory does not know any more. */
void front_review_keys(struct front *front);

/* front_send.c */
/* Adds a field to what the session is sent. A peer that does not read what it has asked for is cut
 * off.
 *   returns  false: the session is over, do not use it again */
bool front_tell(struct front *front, struct session *session, uint32_t number,
                const ProtobufCMessage *message);
bool front_tell_text(struct front *front, struct session *session, uint32_t number,
                     const char *text);
void front_tell_pong(struct front *front, struct session *session);
/* Sends all that waits. */
void front_flush(struct front *front);
/* Says why, and ends the session. */
void front_disconnect(struct front *front, struct session *session, enum bl_err code,
                      const char *reason);
/* The same to a route without a session. */
void front_turn_away(struct front *front, const struct front_frame *frame, enum bl_err code,
                     const char *reason);
/* Ends a session without a word: its tasks go to others. */
void front_forget(struct front *front, struct session *session);
/* The number of a field that both sides have. */
uint32_t front_field_welcome(enum session_side side);

/* front_finish.c */
/* Says what a finished batch has made. */
void front_finish(struct front *front, struct batch *batch, enum bl_err outcome);
/* Reads the directory's keys again. */
void front_renew_keys(struct front *front);
void front_publish_newest(struct front *front);
/* Hands out tasks; a dispatch_port's functions are beside it. */
void front_dispatch(struct front *front);
struct dispatch_port front_port(struct front *front);

/* front_report.c */
/* A command was answered: its client may want to hear of the end. */
void front_report_begin(struct front *front, const struct batch_command *command);
/* Tells of the applications that a finished batch has ended; after its answers. */
void front_report(struct front *front, const struct batch *batch);

/* Whose rights count: the speaker's own, or of whom a gateway speaks for; NULL where it names nobody
 * that it may speak for. */
const struct principal *front_acting(const struct principal *speaker, const Bl__Actor *actor,
                                     struct bl_arena *arena);

/* front_view.c */
/* Answers a query, from the store or from what only the front knows. */
void front_answer_query(struct front *front, struct session *session, const Bl__Query *query,
                        const struct principal *principal);
