/* Time, faults, and whose turn it is. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "model.h"
#include "sim.h"

#define EPOCH INT64_C(1795395600000000)  // 2026-11-23 09:00 in the hall, a Monday
#define STORM_MIN (30 * SECOND_US)
#define STORM_MAX (60 * SECOND_US)
#define PEACE_MAX (3600 * SECOND_US)  // after the healing everything has to be done within it
#define LEAP_MAX (36 * HOUR_US)
#define PATIENCE (5 * DAY_US)  // request ids are known for a week
#define STANDS_MAX 20000       // steps of one moment
#define NOTES_MAX 4096         // a power of two
#define STORY_MAX 30           // steps that are told of a failure
#define STORY_ALL 60

struct note {
    uint64_t step, application;
    bl_span at;
    char text[112];
};

/* The run that an abort is about: a CHECK of the engine's tells nobody else. */
static const struct sim *running;

/* --- the store's folder ----------------------------------------------------------------------- */

static void empty_folder(const char *folder)
{
    static const char *const files[] = { "data.mdb", "lock.mdb", "broker.lock" };
    char path[600];

    for (size_t i = 0; i < BL_COUNT(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
}

/* --- telling ---------------------------------------------------------------------------------- */

void sim_trace(struct sim *sim, uint64_t application, const char *format, ...)
{
    if (sim->options.mute) {
        return;
    }
    struct note *note = &sim->notes[sim->note_count++ % NOTES_MAX];
    va_list arguments;

    note->step = sim->steps;
    note->application = application;
    note->at = sim->now;
    va_start(arguments, format);
    (void)vsnprintf(note->text, sizeof note->text, format, arguments);
    va_end(arguments);
    if (sim->options.trace) {
        (void)printf("%8llu %10.6f %4llu %s\n", (unsigned long long)note->step,
                     (double)note->at / 1e6, (unsigned long long)application, note->text);
    }
}

/* The newest steps that concern an application, or everybody. */
static void tell_story(const struct sim *sim, uint64_t application)
{
    uint64_t first = sim->note_count > NOTES_MAX ? sim->note_count - NOTES_MAX : 0;
    uint64_t left = application == 0 ? STORY_ALL : STORY_MAX, from = sim->note_count;

    while (from > first && left > 0) {
        from--;
        left -= application == 0 || sim->notes[from % NOTES_MAX].application == application;
    }
    for (uint64_t i = from; i < sim->note_count; i++) {
        const struct note *note = &sim->notes[i % NOTES_MAX];

        if (application == 0 || note->application == application) {
            (void)fprintf(stderr, "  step %llu, %.6f s: %s\n", (unsigned long long)note->step,
                          (double)note->at / 1e6, note->text);
        }
    }
}

static void tell_where(const struct sim *sim, const char *text, uint64_t application)
{
    (void)fprintf(stderr, "broken: %s\n", text);
    (void)fprintf(stderr, "seed %llu, step %llu", (unsigned long long)sim->options.seed,
                  (unsigned long long)sim->steps);
    if (application != 0) {
        (void)fprintf(stderr, ", application %llu", (unsigned long long)application);
    }
    (void)fprintf(stderr, "; again: binglian-sim --seed %llu --runs 1 --items %u",
                  (unsigned long long)sim->options.seed, sim->options.items);
    for (size_t i = 0; i < SIM_WEATHER_COUNT; i++) {
        if ((sim->options.calm & 1U << i) != 0) {
            (void)fprintf(stderr, " --calm %s", sim_weather_names[i]);
        }
    }
    (void)fputc('\n', stderr);
}

/* The same once more, with its story: the same seed fails the same way. */
static void play_again(const struct sim_options *options)
{
    struct sim_options loud = *options;
    char folder[600];
    int status = 0;
    pid_t child = fork();

    CHECK(child >= 0);
    if (child == 0) {
        loud.mute = false;
        (void)snprintf(folder, sizeof folder, "%s-again", options->folder);
        loud.folder = folder;
        CHECK(mkdir(folder, 0700) == 0);
        (void)sim_run(&loud);
        (void)rmdir(folder);
        _exit(EXIT_SUCCESS);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_SUCCESS) {
        empty_folder(options->folder);
        (void)rmdir(options->folder);
        _exit(1);  // it has told all
    }
    (void)fprintf(stderr, "it does not fail when it is played again, which is a bug of its own\n");
}

void sim_fail(const struct sim *sim, uint64_t application, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    running = NULL;
    (void)fflush(stdout);
    if (sim->options.mute) {
        play_again(&sim->options);
    }
    tell_where(sim, text, application);
    tell_story(sim, application);
    (void)fflush(stderr);
    empty_folder(sim->options.folder);
    (void)rmdir(sim->options.folder);
    _exit(1);
}

static void on_abort(int number)
{
    (void)number;
    if (running != NULL) {
        sim_fail(running, 0, "the engine has stopped itself: a CHECK, or a fault");
    }
    _exit(1);
}

const char *const sim_weather_names[SIM_WEATHER_COUNT] = {
#define X(kind, worst) #kind,
    SIM_WEATHER(X)
#undef X
};

/* --- faults ----------------------------------------------------------------------------------- */

/* One run in four is quiet, one in four all storms. */
static void draw_weather(struct sim *sim)
{
    static const uint32_t worst[] = {
#define X(kind, worst) worst,
        SIM_WEATHER(X)
#undef X
    };
    uint64_t force = sim_chance(sim, 4);
    uint32_t *to = &sim->weather.lose;

    sim->weather.delay_max = force == 0 ? 2000 : 1 + (bl_span)sim_chance(sim, 200000);
    for (size_t i = 0; i < SIM_WEATHER_COUNT; i++) {
        to[i] = force == 0 ? 0 : force == 3 ? worst[i] : (uint32_t)sim_chance(sim, worst[i] + 1);
        if ((sim->options.calm & 1U << i) != 0) {
            to[i] = 0;
        }
    }
}

/* A jump is a fault of the clock; a leap is a night or a weekend that we need not sit through. */
static void move_clock(struct sim *sim)
{
    sim->second_at += SECOND_US;
    if (sim_happens(sim, sim->weather.jump)) {
        bool back = sim_chance(sim, 2) == 0;

        sim->wall_from += back ? -HOUR_US : HOUR_US;
        sim_trace(sim, 0, "clock: an hour %s", back ? "back" : "forward");
    }
    if (sim->leap_at > sim->now) {
        return;
    }
    bl_span leap = (bl_span)sim_chance(sim, (uint64_t)LEAP_MAX);
    bl_time since = clerks_wait_since(sim);

    sim->leap_at = sim->now + (sim->healed ? 1 : 10) * SECOND_US;
    if (since == BL_NEVER || sim_wall(sim) + leap - since < PATIENCE) {
        sim->leapt += leap;
        sim->wall_from += leap;
        sim_trace(sim, 0, "clock: %lld minutes have passed", (long long)(leap / MINUTE_US));
    }
}

static void heal(struct sim *sim)
{
    sim_trace(sim, 0, "everything heals");
    sim->healed = true;
}

/* --- turns ------------------------------------------------------------------------------------ */

static bl_span earlier(bl_span a, bl_span b)
{
    return a < b ? a : b;
}

static bl_span next_moment(const struct sim *sim)
{
    bl_span next = earlier(network_next(sim->network), broker_next(sim->broker));

    next = earlier(next, sim->second_at);
    for (uint32_t i = 0; i < sim->peer_count; i++) {
        next = earlier(next, sim->peers[i]->next(sim->peers[i]));
    }
    return sim->healed ? next : earlier(next, sim->heals_at);
}

static void deliver(struct sim *sim, const struct arrival *arrival)
{
    struct bl_text bytes = { (const char *)arrival->bytes, arrival->count };

    if (arrival->direction == TO_BROKER) {
        broker_hear(sim->broker, arrival);
    } else {
        sim->peers[arrival->peer]->hear(sim->peers[arrival->peer], bytes);
    }
    free(arrival->bytes);
}

/* Everything that this moment brings, in a fixed order. */
static void step(struct sim *sim)
{
    struct arrival arrival;

    sim->steps++;
    if (network_take(sim->network, &arrival)) {
        sim->counts.frames++;
        deliver(sim, &arrival);
        return;
    }
    sim->counts.stages++;
    if (broker_next(sim->broker) <= sim->now) {
        broker_turn(sim->broker);
        return;
    }
    if (sim->second_at <= sim->now) {
        move_clock(sim);
        return;
    }
    if (!sim->healed && sim->heals_at <= sim->now) {
        heal(sim);
        return;
    }
    sim->counts.stages--;
    for (uint32_t i = 0; i < sim->peer_count; i++) {
        if (sim->peers[i]->next(sim->peers[i]) <= sim->now) {
            sim->counts.turns++;
            sim->peers[i]->turn(sim->peers[i]);
        }
    }
}

static bool is_done(const struct sim *sim)
{
    for (uint32_t i = 0; i < sim->peer_count; i++) {
        if (!sim->peers[i]->is_done(sim->peers[i])) {
            return false;
        }
    }
    return sim->healed && model_open(sim->model) == 0;
}

/* Names something that is not done. */
static void fail_undone(const struct sim *sim)
{
    for (uint64_t id = 1; id <= model_applications(sim->model); id++) {
        if (model_application(sim->model, id)->ended_at == 0) {
            sim_fail(sim, id, "it never comes to its end, though everything is healed");
        }
    }
    sim_fail(sim, 0, "somebody is never answered, though everything is healed");
}

/* Whoever wants to be woken at once, for ever, would stop the world. */
static void check_time_goes_on(struct sim *sim, bl_span next)
{
    sim->stands = next > sim->now ? 0 : sim->stands + 1;
    if (sim->stands < STANDS_MAX) {
        return;
    }
    for (uint32_t i = 0; i < sim->peer_count; i++) {
        if (sim->peers[i]->next(sim->peers[i]) <= sim->now) {
            sim_fail(sim, 0, "peer %u always has something to do at once", i);
        }
    }
    sim_fail(sim, 0, "the broker always has something to do at once");
}

/* --- a run ------------------------------------------------------------------------------------ */

static void add_peer(struct sim *sim, struct peer *peer)
{
    CHECK(sim->peer_count < SIM_PEERS_MAX);
    sim->peers[sim->peer_count++] = peer;
}

/* The real workflows have more departments than ours: one worker for each. */
static void add_workers(struct sim *sim)
{
    const char *departments[SIM_WORKERS_MAX];
    uint32_t count = 0;

    departments[count++] = sim_channel;
    for (uint32_t i = 0; i < sim->workflow_count; i++) {
        const struct definition *definition = sim->workflows[i].definition;

        for (size_t k = 0; k < definition->item_count; k++) {
            uint32_t at = 0;

            while (at < count && strcmp(departments[at], definition->items[k].department) != 0) {
                at++;
            }
            if (at == count) {
                CHECK(count < SIM_WORKERS_MAX);
                departments[count++] = definition->items[k].department;
            }
        }
    }
    for (uint32_t i = 0; i < SIM_DEPARTMENTS; i++) {  // versions to come may need them
        uint32_t at = 0;

        while (at < count && strcmp(departments[at], sim_departments[i]) != 0) {
            at++;
        }
        if (at == count && count < SIM_WORKERS_MAX) {
            departments[count++] = sim_departments[i];
        }
    }
    uint64_t stopped =
        sim_chance(sim, 3ULL * count);  // of three halls, one has a department closed

    for (uint32_t i = 0; i < count; i++) {
        add_peer(sim, worker_new(sim, sim->peer_count, departments[i],
                                 i == stopped ? sim->heals_at : 0));
    }
    if (count < SIM_WORKERS_MAX) {  // one department has two daemons
        add_peer(sim, worker_new(sim, sim->peer_count, departments[sim_chance(sim, count)], 0));
    }
}

static void open_world(struct sim *sim, const struct sim_options *options)
{
    static const uint8_t seed[CHECKPOINT_KEY_BYTES] = { 7 };

    sim->options = *options;
    checkpoint_key_of(seed, &sim->audit);
    sim->random = options->seed;
    sim->now = SECOND_US;
    sim->wall_from = EPOCH;
    sim->second_at = 2 * SECOND_US;
    sim->leap_at = 10 * SECOND_US;
    sim->notes = calloc(NOTES_MAX, sizeof *sim->notes);
    CHECK(sim->notes != NULL);
    (void)chance_next(&sim->random);
    sim->heals_at = STORM_MIN + (bl_span)sim_chance(sim, STORM_MAX - STORM_MIN);
    draw_weather(sim);
    workflows_make(sim);
    sim->network = network_new(sim);
    sim->model = model_new(sim);
    sim->broker = broker_new(sim);
    add_peer(sim, operator_new(sim, 0));
    for (uint32_t clerks = 1 + (uint32_t)sim_chance(sim, 2), i = 0; i < clerks; i++) {
        add_peer(sim, clerk_new(sim, sim->peer_count, options->items / clerks));
    }
    add_workers(sim);
    add_peer(sim, officer_new(sim, sim->peer_count));
    add_peer(sim, people_new(sim, sim->peer_count));
    add_peer(sim, liar_new(sim, sim->peer_count));
}

static void close_world(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->peer_count; i++) {
        sim->peers[i]->free(sim->peers[i]);
    }
    broker_free(&sim->broker);
    model_free(&sim->model);
    network_free(&sim->network);
    workflows_free(sim);
    free(sim->notes);
}

struct sim_result sim_run(const struct sim_options *options)
{
    struct sim *sim = calloc(1, sizeof *sim);

    CHECK(sim != NULL);
    CHECK(signal(SIGABRT, on_abort) != SIG_ERR);
    running = sim;
    memo_begin(options->seed % 16 != 5);
    empty_folder(options->folder);
    open_world(sim, options);
    while (!is_done(sim)) {
        bl_span next = next_moment(sim);

        check_time_goes_on(sim, next);
        sim->now = next > sim->now ? next : sim->now;
        if (sim->now > sim->heals_at + PEACE_MAX) {
            fail_undone(sim);
        }
        step(sim);
    }
    if (!options->bare) {
        model_check_all(sim->model, broker_store(sim->broker));
    }
    sim->counts.events = model_newest(sim->model);
    struct sim_result result = {
        .steps = sim->counts,
        .lasted = sim->now,
        .leapt = sim->leapt,
        .events = model_newest(sim->model),
        .applications = model_applications(sim->model),
        .items = model_items(sim->model),
        .crashes = broker_crashes(sim->broker),
        .hash = model_hash(sim->model),
    };
    close_world(sim);
    memo_end();
    empty_folder(options->folder);
    running = NULL;
    free(sim);
    return result;
}
