#include "cli/load_journal.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum bl_err load_journal_open(const char *path, struct load_journal *journal, struct bl_error *e)
{
    *journal = (struct load_journal){ 0 };
    if (path == NULL) {
        return BL_OK;
    }
    (void)snprintf(journal->process, sizeof journal->process, "client-%d", (int)getpid());
    writer_init(&journal->line, WRITER_JSON);
    journal->file = fopen(path, "ae");
    return journal->file != NULL
               ? BL_OK
               : bl_error_at(e, BL_IO, path, 0, 0, "cannot open the journal: %s", strerror(errno));
}

void load_journal_close(struct load_journal *journal)
{
    if (journal->file != NULL) {
        (void)fclose(journal->file);
        writer_free(&journal->line);
    }
}

static uint64_t nanoseconds(void)
{
    struct timespec now;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void put_text(struct writer *line, const char *key, const char *value)
{
    if (value != NULL) {
        writer_key(line, key);
        writer_string(line, value);
    }
}

static void put_number(struct writer *line, const char *key, uint64_t value)
{
    if (value != 0) {
        writer_key(line, key);
        writer_unsigned(line, value);
    }
}

void load_journal_write(struct load_journal *journal, const struct load_act *act)
{
    struct writer *line = &journal->line;

    if (journal->file == NULL) {
        return;
    }
    writer_reset(line);
    writer_open_object(line);
    put_number(line, "t", nanoseconds());
    put_text(line, "proc", journal->process);
    put_number(line, "id", act->id);
    put_text(line, "op", act->op);
    put_text(line, "phase", act->phase);
    put_text(line, "key", act->key);
    put_text(line, "app", act->app);
    put_number(line, "items", act->items);
    put_number(line, "seq", act->seq);
    put_number(line, "ver", act->revision);
    put_number(line, "last", act->newest);
    writer_close(line);
    writer_line(line);
    (void)fwrite(line->at, 1, line->bytes, journal->file);
    (void)fflush(journal->file);  // a killed process has said all that it knew
}
