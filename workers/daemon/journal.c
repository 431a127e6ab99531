#include "daemon/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "schema/writer.h"

struct journal {
    int fd;
    char process[96];
    struct writer line;
};

enum bl_err journal_open(const char *file, const char *process, struct journal **opened,
                         struct bl_error *e)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

    if (fd < 0) {
        return bl_error_at(e, BL_IO, file, 0, 0, "cannot open the journal: %s", strerror(errno));
    }
    struct journal *journal = calloc(1, sizeof *journal);
    CHECK(journal != NULL);
    journal->fd = fd;
    bl_text_copy(journal->process, sizeof journal->process, process);
    writer_init(&journal->line, WRITER_JSON);
    *opened = journal;
    return BL_OK;
}

void journal_close(struct journal **journal)
{
    if (*journal != NULL) {
        (void)close((*journal)->fd);
        writer_free(&(*journal)->line);
        free(*journal);
        *journal = NULL;
    }
}

static uint64_t nanoseconds(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void put(struct writer *line, const char *key, const char *value)
{
    writer_key(line, key);
    writer_string(line, value);
}

static void begin(struct journal *journal, uint64_t id, const char *phase, const Bl__Task *task,
                  const char *attempt, Bl__Decision__Verdict decision)
{
    struct writer *line = &journal->line;

    writer_reset(line);
    writer_open_object(line);
    writer_key(line, "t");
    writer_unsigned(line, nanoseconds());
    put(line, "proc", journal->process);
    writer_key(line, "id");
    writer_unsigned(line, id);
    put(line, "op", "decide");
    put(line, "phase", phase);
    put(line, "app", task->application);
    put(line, "item", task->item);
    put(line, "lease", attempt);
    put(line, "decision", decision == BL__DECISION__VERDICT__APPROVE ? "approve" : "reject");
}

static enum bl_err end(struct journal *journal, struct bl_error *e)
{
    struct writer *line = &journal->line;

    writer_close(line);
    writer_line(line);
    ssize_t written = write(journal->fd, line->at, line->bytes);
    if (written != (ssize_t)line->bytes) {
        return bl_error_set(e, BL_IO, "cannot write the journal: %s",
                            written < 0 ? strerror(errno) : "disk full");
    }
    return BL_OK;
}

/* Failures and acts decide nothing. */
static bool is_ruling(Bl__Decision__Verdict decision)
{
    return decision == BL__DECISION__VERDICT__APPROVE || decision == BL__DECISION__VERDICT__REJECT;
}

enum bl_err journal_invoke(struct journal *journal, uint64_t id, const Bl__Task *task,
                           Bl__Decision__Verdict decision, struct bl_error *e)
{
    if (journal == NULL || !is_ruling(decision)) {
        return BL_OK;
    }
    begin(journal, id, "invoke", task, task->attempt, decision);
    return end(journal, e);
}

enum bl_err journal_settled(struct journal *journal, const struct bl_worker_settled *settled,
                            struct bl_error *e)
{
    const char *phase = settled->code == BL_OK        ? "ok"
                        : settled->code == BL_TIMEOUT ? "info"
                                                      : "fail";

    if (journal == NULL || !is_ruling(settled->decision)) {
        return BL_OK;
    }
    begin(journal, settled->tag, phase, settled->task, settled->attempt, settled->decision);
    if (settled->code == BL_OK) {
        writer_key(&journal->line, "seq");
        writer_unsigned(&journal->line, settled->event);
    }
    return end(journal, e);
}
