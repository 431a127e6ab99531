/* sim.h — a whole hall in one thread, played from a seed.
 * `tests/sim/` runs the engine's own core, store, cycle, dispatch, sessions, client and worker
 * logic under a clock and a network that it makes up itself: frames are lost, repeated, late and
 * out of order, workers crash, stall and lie, the broker dies between any two stages, the clock
 * jumps. After each batch it checks the promises; at the end everything heals and everything has to
 * be finished. The same seed plays the same run, down to the bytes of every event.
 *
 * world.c  time, faults and whose turn it is        broker.c  the engine behind its sockets
 * network.c what is on its way                      clerk.c, worker.c, officer.c  who speaks to it
 * people.c everything else that is done to a case
 * workflow.c what the hall runs, from the seed       model.c  the promises, checked
 * oracle.c joins by their rule, another way          faults.c the disk, and planted bugs
 * memo.c what is made once in a run
 * shrink.c a long failure made short                 mutants.c bugs in the engine itself
 *
 * Nothing here may ask the machine for time or chance. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/time.h"
#include "binglian/v1/transport.pb-c.h"
#include "client/chance.h"
#include "definition/definition.h"
#include "store/checkpoint.h"

#define SIM_CLERKS_MAX 3
#define SIM_WORKERS_MAX 20
#define SIM_PEERS_MAX (SIM_CLERKS_MAX + SIM_WORKERS_MAX + 3)  // officers, people, and one liar
#define SIM_DEPARTMENTS 4
#define SIM_WORKFLOWS_MAX 12
#define SIM_ITEMS_MAX 24  // of one workflow of ours
#define SIM_CALENDARS_MAX 6
#define SIM_PUBLICATIONS_MAX (SIM_WORKFLOWS_MAX + SIM_CALENDARS_MAX + 1)

struct sim;
struct broker;
struct network;
struct model;
struct peer;

/* Bugs that the simulation can be given, to show that it finds them. */
// clang-format off
#define SIM_BUGS(X)                                                                                \
    X(BUG_NONE,           "none",            "nothing is planted")                                 \
    X(BUG_EARLY_ANSWER,   "early-answer",    "answers leave before the commit")                    \
    X(BUG_FALSE_COMMIT,   "false-commit",    "a commit says yes and writes nothing")               \
    X(BUG_STALE_MEMORY,   "stale-memory",    "a crash does not forget what was not committed")     \
    X(BUG_STALE_ATTEMPT,  "stale-attempt",   "a decision is taken without its lease")              \
    X(BUG_LOST_EVENT,     "lost-event",      "an event is not written")           \
    X(BUG_LOST_REQUEST,   "lost-request",    "request ids are forgotten")                          \
    X(BUG_LOST_TIMER,     "lost-timer",      "a row of the timers is not written")                 \
    X(BUG_LOST_TASK,      "lost-task",       "a task is counted as sent and is not")               \
    X(BUG_LOST_STATE,     "lost-state",      "a state is not written")                             \
    X(BUG_KEPT_INBOX,     "kept-inbox",      "a row of the inbox is not removed")                  \
    X(BUG_TWO_LEASES,     "two-leases",      "a dead worker's tasks stay his")                     \
    X(BUG_DEAF_RETRY,     "deaf-retry",      "failed tasks are not offered again")                 \
    X(BUG_LOST_CHAIN,     "lost-chain",      "a batch is missing in the chain of hashes")          \
    X(BUG_LOST_CONTENT,   "lost-content",    "what was handed in is not written")                  \
    X(BUG_LOST_INBOX,     "lost-inbox",      "a row of the inbox is not written")                  \
    X(BUG_LOST_NUMBER,    "lost-number",     "a business number is not written")                   \
    X(BUG_LOST_COUNT,     "lost-count",      "a number of the dashboards is not written")          \
    X(BUG_KEPT_TIMER,     "kept-timer",      "a row of the timers is not removed")                 \
    X(BUG_TORN_BATCH,     "torn-batch",      "the last event of a batch is lost")                  \
    X(BUG_HUNG_JOIN,      "hung-join",       "a skipped branch counts as open")                    \
    X(BUG_LATE_DUE,       "late-due",        "a deadline is a day late")                           \
    X(BUG_TIME_BACK,      "time-back",       "time runs backwards with the clock")                 \
    X(BUG_KEPT_CACHE,     "kept-cache",      "a refused batch stays in memory")                    \
    X(BUG_EARLY_FORGET,   "early-forget",    "request ids are forgotten at once")                  \
    X(BUG_SLEEPING_START, "sleeping-start",  "timers are dropped on restart")                      \
    X(BUG_FALSE_SIGNATURE, "false-signature", "a checkpoint is signed wrongly")                    \
    X(BUG_SUMMED_STOPS,   "summed-stops",    "overlapping suspensions are summed")                 \
    X(BUG_FORGOTTEN_CAP,  "forgotten-cap",   "a suspension does not end at its cap")               \
    X(BUG_DROPPED_RUNG,   "dropped-rung",    "what is overdue climbs no ladder")                   \
    X(BUG_LOST_CURSOR,    "lost-cursor",     "how far a recount is gets lost")                     \
    X(BUG_STOPPED_CLOCK,  "stopped-clock",   "a new calendar moves clocks that stand wrongly")     \
    X(BUG_KEPT_CAP,       "kept-cap",        "a new calendar moves no announced end of a stop")    \
    X(BUG_UNTOLD_MOVE,    "untold-move",     "a new calendar moves a date and does not say so")    \
    X(BUG_ANY_DEPUTY,     "any-deputy",      "who stands in is not asked who is away")              \
    X(BUG_LOST_NOTICE,    "lost-notice",     "the applicant is not told")                          \
    X(BUG_NOTICE_TWICE,   "notice-twice",    "what was sent waits to be sent again")
// clang-format on
enum sim_bug {
#define X(bug, name, text) bug,
    SIM_BUGS(X)
#undef X
};

struct sim_options {
    uint64_t seed;
    uint32_t items;  // in all, roughly
    bool trace;      // tell every step
    bool mute;       // and do not even note them: a run that fails is played again to tell them
    bool bare;       // no checks: the events are folded, and nobody looks at the store
    enum sim_bug bug;
    uint32_t calm;       // kinds of weather that do not come, a bit each
    const char *folder;  // where the store lies; emptied before each run
};

/* What happens how often, in 1/10000 of a chance; drawn anew for each run, so that some runs are
 * quiet, some are all storms. */
// clang-format off
#define SIM_WEATHER(X)                                                                             \
    X(lose,           200)  /* of one frame */                                                     \
    X(repeat,         300)                                                                         \
    X(reorder,       3000)                                                                         \
    X(cut,             60)                                                                         \
    X(crash,          300)  /* of one stage */                                                     \
    X(full,           200)  /* of one commit */                                                    \
    X(worker_dies,    500)  /* of one task */                                                      \
    X(worker_stalls,  500)                                                                         \
    X(worker_fails,  2500)                                                                         \
    X(jump,          2000)  /* of one second */
// clang-format on
struct sim_weather {
#define X(kind, worst) uint32_t kind;
    SIM_WEATHER(X)
#undef X
    bl_span delay_max;
};
#define SIM_WEATHER_COUNT (offsetof(struct sim_weather, delay_max) / sizeof(uint32_t))
extern const char *const sim_weather_names[SIM_WEATHER_COUNT];

struct sim_workflow {
    char id[64];
    uint32_t version;
    char *yaml;
    size_t yaml_bytes;
    struct definition *definition;
    bool is_ours;                     // made from the seed: we know its conditions
    bool is_published;                // as far as the clerks know
    double area_over[SIM_ITEMS_MAX];  // the item is needed if the form's area is larger; 0: always
};

/* What the operator publishes, in this order. */
struct sim_publication {
    Bl__Publication__Kind kind;
    const char *file, *source;
};

/* What counts as a step: whatever happens to one thing at one moment. */
// clang-format off
#define SIM_STEPS(X)                                                                               \
    X(frames,   "frames that arrived")                                                             \
    X(commands, "commands and decisions that a batch answered")                                    \
    X(events,   "events that were written, by time alone too")                                     \
    X(stages,   "stages of batches, and what the clock and the broker's ticks do")                 \
    X(turns,    "turns of peers, who act, wait or give up")                                        \
    X(tasks,    "tasks that were handed out, taken back or failed to go")
// clang-format on
struct sim_steps {
#define X(kind, text) uint64_t kind;
    SIM_STEPS(X)
#undef X
};

/* One run. */
struct sim {
    struct sim_options options;
    uint64_t random;
    uint64_t steps;  // turns of the loop, for people who look for one
    struct sim_steps counts;
    bl_span leapt;      // of the clock on the wall, forward
    bl_span now;        // monotonic
    bl_span wall_from;  // wall clock = now + this
    bool healed;        // no more faults
    struct checkpoint_key audit;
    struct sim_weather weather;
    struct sim_workflow workflows[SIM_WORKFLOWS_MAX];
    uint32_t workflow_count;
    char *calendars[SIM_CALENDARS_MAX];  // each in place of the one before
    uint32_t calendar_count;
    char *departments;
    struct sim_publication publications[SIM_PUBLICATIONS_MAX];
    uint32_t publication_count;
    struct network *network;
    struct broker *broker;
    struct model *model;
    struct peer *peers[SIM_PEERS_MAX];
    uint32_t peer_count;
    bl_span second_at, leap_at, heals_at;
    uint32_t stands;     // steps since time has moved
    struct note *notes;  // the newest steps, in a ring
    uint64_t note_count;
};

/* What a run was, for the report. */
struct sim_result {
    struct sim_steps steps;
    uint64_t events, applications, items, crashes, hash;
    bl_span lasted, leapt;  // second by second, and the nights that were leapt over
};

/* shrink.c: finds the smallest hall that breaks the same promise, and lets it tell its story.
 * Returns false if nothing breaks. */
bool shrink(const struct sim_options *options);
/* Plays one run in a process of its own; `line` gets the promise that it breaks. */
bool sim_breaks(const struct sim_options *options, bool tell, char *line, size_t size);

/* world.c */
struct sim_result sim_run(const struct sim_options *options);
/* Tells what went wrong, with the steps that led there, and ends the process. `application` 0:
 * nobody's in particular. */
__attribute__((noreturn, format(printf, 3, 4))) void
sim_fail(const struct sim *sim, uint64_t application, const char *format, ...);
/* Notes a step. */
__attribute__((format(printf, 3, 4))) void sim_trace(struct sim *sim, uint64_t application,
                                                     const char *format, ...);
static inline bl_time sim_wall(const struct sim *sim)
{
    return sim->now + sim->wall_from;
}
static inline uint64_t sim_chance(struct sim *sim, uint64_t below)
{
    return chance_next(&sim->random) % below;
}
/* Does a thing of so many in 10000 happen now? Never after the healing. */
static inline bool sim_happens(struct sim *sim, uint32_t in_10000)
{
    return in_10000 > 0 && sim_chance(sim, 10000) < in_10000 && !sim->healed;
}

/* The departments of the simulated hall. */
extern const char *const sim_departments[SIM_DEPARTMENTS];

/* A channel by which some of its workflows tell the applicant: a department whose workers send. */
extern const char sim_channel[];

/* network.c: what is on its way. A connection keeps its order where the protocol leans on it (hello
 * and welcome); what is lost to a worker is lost together with the connection, as TCP has it. */
enum direction { TO_BROKER, TO_PEER };
struct network *network_new(struct sim *sim);
void network_free(struct network **network);
/* A fresh connection of a peer: what was on its way is lost. `side` as of a session. */
void network_dial(struct network *network, uint32_t peer, int side);
void network_hang_up(struct network *network, uint32_t peer);
/* The broker is gone or back: every connection has a new route, what was on its way is lost. */
void network_break_all(struct network *network);
void network_send(struct network *network, uint32_t peer, enum direction direction,
                  struct bl_text bytes);
uint64_t network_route(const struct network *network, uint32_t peer);
/* The peer that has this route, or -1. */
int network_peer(const struct network *network, uint64_t route);
bl_span network_next(const struct network *network);
/* Takes what is due; false: nothing is. The bytes are the caller's to free. */
struct arrival {
    uint32_t peer;
    enum direction direction;
    int side;
    uint64_t route;
    uint8_t *bytes;
    size_t count;
};
bool network_take(struct network *network, struct arrival *arrival);

/* broker.c */
struct broker *broker_new(struct sim *sim);
void broker_free(struct broker **broker);
void broker_hear(struct broker *broker, const struct arrival *arrival);
bl_span broker_next(const struct broker *broker);
void broker_turn(struct broker *broker);
struct store *broker_store(struct broker *broker);
uint64_t broker_crashes(const struct broker *broker);

/* clerk.c, worker.c, officer.c and people.c: peers. */
struct peer {
    struct sim *sim;
    uint32_t index;
    bl_span (*next)(const struct peer *peer);
    void (*turn)(struct peer *peer);
    void (*hear)(struct peer *peer, struct bl_text bytes);
    void (*free)(struct peer *peer);
    bool (*is_done)(const struct peer *peer);
};
struct peer *clerk_new(struct sim *sim, uint32_t index, uint32_t items);
/* Since when the oldest request of a clerk's is under way, on the wall clock; BL_NEVER: none is. */
bl_time clerks_wait_since(const struct sim *sim);
struct peer *operator_new(struct sim *sim, uint32_t index);
/* `from`: until then it is stopped. */
struct peer *worker_new(struct sim *sim, uint32_t index, const char *department, bl_span from);
struct peer *officer_new(struct sim *sim, uint32_t index);
struct peer *people_new(struct sim *sim, uint32_t index);
struct peer *liar_new(struct sim *sim, uint32_t index);

/* workflow.c */
void workflows_make(struct sim *sim);
/* One more version of a workflow of ours. */
void workflows_add(struct sim *sim);
/* A notice of holidays: the calendar once more, with days of the next weeks otherwise. */
void calendars_add(struct sim *sim);
void workflows_free(struct sim *sim);
/* Some field of its form, otherwise than before. */
void workflow_fields(struct sim *sim, const struct sim_workflow *workflow, ProtobufCBinaryData *to,
                     struct bl_arena *arena);
/* The workflow that an application is on. */
const struct sim_workflow *workflow_of(const struct sim *sim, const Bl__Application *application);
/* A valid form: `serial` and `variant` stand in the applicant's name; `area` is the field's, where
 * the workflow is ours. */
struct bl_text workflow_content(struct sim *sim, const struct sim_workflow *workflow,
                                uint64_t serial, uint32_t variant, double area,
                                struct bl_arena *arena);
