#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/rules.h"
#include "schema/yaml.h"

struct rules_hand {
    struct hand hand;
    const char *file;  // NULL: approve or reject
    const struct rules *rules;
    struct bl_arena memory;  // of the rules
    bl_span delay;
};

static bool is_ready(struct hand *hand)
{
    (void)hand;
    return true;
}

/* Asks the rules. Rules are pure, so a job whose delay is over is asked again instead of being kept
 * with its answer. */
static void decide(struct rules_hand *own, struct job *job, bool wait)
{
    Bl__Decision decision = BL__DECISION__INIT;
    struct bl_arena *scratch = daemon_scratch(own->hand.daemon);
    bl_span delay = own->delay;

    bl_arena_reset(scratch);
    rules_decide(own->rules, job->task, scratch, &decision, &delay);
    if (wait && delay > 0) {
        daemon_alarm(own->hand.daemon, job, bl_time_monotonic() + delay);
    } else {
        daemon_decide(own->hand.daemon, job, &decision);
    }
}

static void start(struct hand *hand, struct job *job)
{
    decide((struct rules_hand *)hand, job, true);
}

static void due(struct hand *hand, struct job *job)
{
    decide((struct rules_hand *)hand, job, false);
}

static void drop(struct hand *hand, struct job *job)
{
    (void)hand;
    (void)job;
}

/* --- reading the file --- */

static enum bl_err read_file(const char *file, char **text, size_t *bytes, struct bl_error *e)
{
    FILE *in = fopen(file, "rbe");
    char *made = malloc(YAML_BYTES_MAX + 1);

    CHECK(made != NULL);
    *bytes = in == NULL ? 0 : fread(made, 1, YAML_BYTES_MAX + 1, in);
    bool failed = in == NULL || ferror(in) != 0;
    int why = errno;
    if (in != NULL) {
        (void)fclose(in);
    }
    if (failed) {
        free(made);
        return bl_error_at(e, BL_IO, file, 0, 0, "cannot be read: %s", strerror(why));
    }
    *text = made;
    return BL_OK;
}

/* What is wrong goes to standard error, like a compiler's messages. */
static enum bl_err load(const char *file, struct bl_arena *memory, const struct rules **rules,
                        struct bl_error *e)
{
    struct schema_problems problems;
    size_t bytes = 0;
    char *text = NULL;

    enum bl_err err = read_file(file, &text, &bytes, e);
    if (err != BL_OK) {
        return err;
    }
    schema_problems_init(&problems, memory);
    err = rules_load(text, bytes, file, memory, rules, &problems);
    schema_problems_sort(&problems);
    schema_problems_print(stderr, &problems);
    free(text);
    return err == BL_OK ? BL_OK : bl_error_at(e, err, file, 0, 0, "the rules are wrong");
}

static void reload(struct hand *hand)
{
    struct rules_hand *own = (struct rules_hand *)hand;
    struct bl_arena memory;
    struct bl_error e = { 0 };

    if (own->file == NULL) {
        return;
    }
    bl_arena_init(&memory, 16 * 1024, 2 * YAML_ARENA_BYTES);
    if (load(own->file, &memory, &own->rules, &e) != BL_OK) {
        bl_log(BL_LOG_ERROR, "rules.kept", "file=%s error=\"%s\"", own->file, e.text);
        bl_arena_free(&memory);
        return;
    }
    bl_arena_free(&own->memory);
    own->memory = memory;
    bl_log(BL_LOG_INFO, "rules.loaded", "file=%s", own->file);
}

static void close_hand(struct hand *hand)
{
    struct rules_hand *own = (struct rules_hand *)hand;

    bl_arena_free(&own->memory);
    free(own);
}

static const struct hand_kind kind = {
    .is_ready = is_ready,
    .start = start,
    .due = due,
    .drop = drop,
    .reload = reload,
    .close = close_hand,
};

enum bl_err hand_rules(struct daemon *daemon, const char *decision, bl_span delay,
                       struct hand **hand, struct bl_error *e)
{
    struct rules_hand *own = calloc(1, sizeof *own);
    enum bl_err err = BL_OK;

    CHECK(own != NULL);
    own->hand = (struct hand){ &kind, daemon };
    own->delay = delay;
    bl_arena_init(&own->memory, 16 * 1024, 2 * YAML_ARENA_BYTES);
    if (strcmp(decision, "approve") == 0) {
        rules_always(BL__DECISION__VERDICT__APPROVE, &own->memory, &own->rules);
    } else if (strcmp(decision, "reject") == 0) {
        rules_always(BL__DECISION__VERDICT__REJECT, &own->memory, &own->rules);
    } else {
        own->file = decision;
        err = load(decision, &own->memory, &own->rules, e);
    }
    if (err != BL_OK) {
        close_hand(&own->hand);
        return err;
    }
    *hand = &own->hand;
    return BL_OK;
}
