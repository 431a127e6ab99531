/* The disk as the simulation has it: the linker puts these in place of the store's own
 * (-Wl,--wrap), so that a commit can fail, or the process die beside it, and so that bugs can be
 * planted under the engine without touching it. */
#include "faults.h"

#include "store/write.h"

static struct {
    enum commit_fate fate;
    enum sim_bug bug;
    uint32_t rows;              // of the table that the bug is about, in this run; or commits
    struct bl_text key, value;  // of the newest event that is not given on yet
} faults;

enum bl_err __real_store_write_commit(struct store_write *write, struct bl_error *e);
void __real_store_write_put(struct store_write *write, enum table table, struct bl_text key,
                            struct bl_text value);
void __real_store_write_remove(struct store_write *write, enum table table, struct bl_text key);
enum bl_err __wrap_store_write_commit(struct store_write *write, struct bl_error *e);
void __wrap_store_write_put(struct store_write *write, enum table table, struct bl_text key,
                            struct bl_text value);
void __wrap_store_write_remove(struct store_write *write, enum table table, struct bl_text key);

void faults_begin(void)
{
    faults.rows = 0;
}

void faults_set(enum sim_bug bug, enum commit_fate fate)
{
    faults.bug = bug;
    faults.fate = fate;
}

enum bl_err __wrap_store_write_commit(struct store_write *write, struct bl_error *e)
{
    enum commit_fate fate = faults.fate;
    enum bl_err err;

    faults.fate = COMMIT_FINE;
    if (fate == COMMIT_FULL || fate == COMMIT_CRASH_BEFORE) {
        faults.key.at = NULL;
    }
    if (fate == COMMIT_FULL) {
        store_write_abort(write);
        return bl_error_set(e, BL_FULL, "the simulated disk is full");
    }
    if (fate == COMMIT_CRASH_BEFORE) {
        store_write_abort(write);
        return bl_error_set(e, BL_IO, "the process dies before the commit");
    }
    if (faults.bug == BUG_FALSE_COMMIT && ++faults.rows % 64 == 0) {
        store_write_abort(write);
        return BL_OK;
    }
    if (faults.key.at != NULL && ++faults.rows % 40 != 0) {
        __real_store_write_put(write, TABLE_EVENTS, faults.key, faults.value);
    }
    faults.key.at = NULL;
    err = __real_store_write_commit(write, e);
    if (err == BL_OK && fate == COMMIT_CRASH_AFTER) {
        return bl_error_set(e, BL_IO, "the process dies after the commit");
    }
    return err;
}

/* Every so often a row of this table is forgotten. */
static bool forgets(enum table table)
{
    static const struct {
        enum table table;
        uint32_t every;
    } lost[] = {
        [BUG_LOST_EVENT] = { TABLE_EVENTS, 40 }, [BUG_LOST_REQUEST] = { TABLE_REQUESTS, 3 },
        [BUG_LOST_TIMER] = { TABLE_TIMERS, 20 }, [BUG_LOST_STATE] = { TABLE_APPLICATIONS, 40 },
        [BUG_LOST_CHAIN] = { TABLE_CHAIN, 40 },  [BUG_LOST_CONTENT] = { TABLE_CONTENTS, 8 },
        [BUG_LOST_INBOX] = { TABLE_INBOX, 20 },  [BUG_LOST_NUMBER] = { TABLE_NUMBERS, 8 },
        [BUG_LOST_COUNT] = { TABLE_COUNTS, 20 },
    };

    return (size_t)faults.bug < BL_COUNT(lost) && lost[faults.bug].every != 0 &&
           lost[faults.bug].table == table && ++faults.rows % lost[faults.bug].every == 0;
}

void __wrap_store_write_put(struct store_write *write, enum table table, struct bl_text key,
                            struct bl_text value)
{
    if (faults.bug == BUG_TORN_BATCH && table == TABLE_EVENTS) {  // one event is held back
        if (faults.key.at != NULL) {
            __real_store_write_put(write, TABLE_EVENTS, faults.key, faults.value);
        }
        faults.key = key;
        faults.value = value;
    } else if (!forgets(table)) {
        __real_store_write_put(write, table, key, value);
    }
}

void __wrap_store_write_remove(struct store_write *write, enum table table, struct bl_text key)
{
    if (((faults.bug == BUG_KEPT_INBOX && table == TABLE_INBOX) ||
         (faults.bug == BUG_KEPT_TIMER && table == TABLE_TIMERS)) &&
        ++faults.rows % 20 == 0) {
        return;
    }
    __real_store_write_remove(write, table, key);
}
