/* hall_fixture.h — a hall without sockets for tests: a store in a temporary folder, the cycle over
 * it, and what `workflows/` holds published. Time is what the test says. */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binglian/v1/transport.pb-c.h"
#include "broker/cycle.h"
#include "google/protobuf/struct.pb-c.h"
#include "store/read.h"
#include "store/verify.h"

struct hall {
    char path[64];
    struct store *store;
    struct catalog *catalog;
    struct log log;
    struct cycle *cycle;
    struct batch batch;
    bl_time now;
    size_t map_bytes;                    // of the store; 0: enough for any test
    const struct checkpoint_key *audit;  // signs checkpoints; NULL: none are
};

static const struct principal hall_clerk = { BL__KEY__ROLE__CLERK, "clerk", "" };
static const struct principal hall_admin = { BL__KEY__ROLE__ADMINISTRATOR, "admin", "" };

static inline struct principal hall_worker(const char *department)
{
    struct principal worker = { .role = BL__KEY__ROLE__WORKER, .name = "worker" };

    bl_text_copy(worker.department, sizeof worker.department, department);
    return worker;
}

static inline void hall_start(struct hall *hall)
{
    struct store_config config = {
        .path = hall->path,
        .map_bytes = hall->map_bytes != 0 ? hall->map_bytes : (size_t)1 << 28,
    };
    struct cycle_config cycle = { .audit = hall->audit };
    struct bl_error e = { 0 };

    if (store_open(&config, &hall->store, &e) != BL_OK) {
        (void)fprintf(stderr, "%s\n", e.text);
        abort();
    }
    catalog_open(hall->store, &hall->catalog);
    CHECK(cycle_open(&cycle, hall->store, hall->catalog, &hall->log, &hall->cycle, &e) == BL_OK);
    batch_init(&hall->batch);
}

static inline void hall_stop(struct hall *hall)
{
    batch_free(&hall->batch);
    cycle_close(&hall->cycle);
    catalog_close(&hall->catalog);
    store_close(&hall->store);
}

static inline enum bl_err hall_run(struct hall *hall)
{
    struct bl_error e = { 0 };
    enum bl_err err = cycle_run(hall->cycle, &hall->batch, hall->now, &e);

    if (err != BL_OK) {
        (void)fprintf(stderr, "cycle: %s\n", e.text);
    }
    return err;
}

/* Runs one command alone; its answer lives until the next call. */
static inline const Bl__Answer *hall_do(struct hall *hall, const struct principal *principal,
                                        const Bl__Command *command)
{
    batch_reset(&hall->batch);
    struct batch_command *added = batch_add(&hall->batch, command, principal);
    CHECK(hall_run(hall) == BL_OK);
    return &added->answer;
}

static inline const Bl__Answer *hall_publish_text(struct hall *hall, const char *file,
                                                  const char *source, size_t bytes)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Publish publish = BL__PUBLISH__INIT;

    publish.source.data = (uint8_t *)source;
    publish.source.len = bytes;
    publish.file = file;
    command.what_case = BL__COMMAND__WHAT_PUBLISH;
    command.publish = &publish;
    return hall_do(hall, &hall_admin, &command);
}

static inline void hall_publish(struct hall *hall, const char *file)
{
    char path[512];
    static char source[1 << 20];

    (void)snprintf(path, sizeof path, "%s/%s", SOURCE_DIR, file);
    FILE *in = fopen(path, "r");
    CHECK(in != NULL);
    size_t bytes = fread(source, 1, sizeof source, in);
    (void)fclose(in);
    const Bl__Answer *answer = hall_publish_text(hall, file, source, bytes);
    if (answer->refusal != NULL) {
        (void)fprintf(stderr, "%s: %s %s\n", file, answer->refusal->rule, answer->refusal->pointer);
        abort();
    }
}

/* A new hall in a temporary folder, calendar and departments published. */
static inline void hall_open(struct hall *hall, bl_time now)
{
    memset(hall, 0, sizeof *hall);
    (void)snprintf(hall->path, sizeof hall->path, "%s/binglian-test.XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");  // no disk sets the pace
    CHECK(mkdtemp(hall->path) != NULL);
    hall->now = now;
    hall_start(hall);
    hall_publish(hall, "workflows/calendars/cn.yaml");
    hall_publish(hall, "workflows/departments.yaml");
}

/* Removes the folder of a hall that was stopped. */
static inline void hall_remove(const struct hall *hall)
{
    char path[600];
    struct dirent *entry;

    DIR *folder = opendir(hall->path);
    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", hall->path, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
    (void)rmdir(hall->path);
}

/* Ends a hall; its store must agree with itself. */
static inline void hall_close(struct hall *hall)
{
    struct verify_result result;
    struct bl_error e = { 0 };

    if (verify_store(hall->store, stderr, &result, &e) != BL_OK) {
        (void)fprintf(stderr, "verify: %s\n", e.text);
        abort();
    }
    hall_stop(hall);
    hall_remove(hall);
}

/* One field of a form, appended to its encoded Struct. */
struct hall_form {
    uint8_t bytes[4096];
    size_t count;
};

static inline void hall_form_value(struct hall_form *form, const char *name,
                                   Google__Protobuf__Value *value)
{
    Google__Protobuf__Struct__FieldsEntry entry = GOOGLE__PROTOBUF__STRUCT__FIELDS_ENTRY__INIT;
    Google__Protobuf__Struct__FieldsEntry *entries[] = { &entry };
    Google__Protobuf__Struct message = GOOGLE__PROTOBUF__STRUCT__INIT;

    entry.key = (char *)name;
    entry.value = value;
    message.n_fields = 1;
    message.fields = entries;
    CHECK(form->count + google__protobuf__struct__get_packed_size(&message) <= sizeof form->bytes);
    form->count += google__protobuf__struct__pack(&message, form->bytes + form->count);
}

static inline void hall_form_text(struct hall_form *form, const char *name, const char *text)
{
    Google__Protobuf__Value value = GOOGLE__PROTOBUF__VALUE__INIT;

    value.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
    value.string_value = (char *)text;
    hall_form_value(form, name, &value);
}

static inline void hall_form_number(struct hall_form *form, const char *name, double number)
{
    Google__Protobuf__Value value = GOOGLE__PROTOBUF__VALUE__INIT;

    value.kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
    value.number_value = number;
    hall_form_value(form, name, &value);
}

/* A submission with its memory. */
struct hall_submission {
    Bl__Command command;
    Bl__Submit submit;
    uint8_t content[8192];
};

static inline void hall_submission(struct hall_submission *submission, const char *workflow,
                                   const char *request_id, const struct hall_form *form)
{
    Bl__Content content = BL__CONTENT__INIT;
    Bl__Applicant applicant = BL__APPLICANT__INIT;

    applicant.name = "张三";
    content.applicant = &applicant;
    content.form.data = (uint8_t *)form->bytes;
    content.form.len = form->count;
    bl__command__init(&submission->command);
    bl__submit__init(&submission->submit);
    submission->submit.workflow = workflow;
    submission->submit.content.data = submission->content;
    submission->submit.content.len = bl__content__pack(&content, submission->content);
    submission->command.request_id = request_id;
    submission->command.what_case = BL__COMMAND__WHAT_SUBMIT;
    submission->command.submit = &submission->submit;
}
