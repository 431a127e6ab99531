/* The disk and the memory fail at the first call, then at the second, the third, until a whole day
 * of the hall passes without meeting the failure. After each: the store agrees with itself, what
 * was acknowledged is there, what was refused is not, and the next start goes on.
 *
 * The program's own definitions of the calls stand before the C library's, for LMDB too; malloc is
 * wrapped by the linker for our own code. */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "store/backup.h"
#include "store/copy.h"
#include "store_fixture.h"

#define DAYS_MAX 4000         // a loop that is longer does not end
#define COMMANDS 4            // of one day
#define EVERY_ALLOCATION 150  // of the first so many; then one in ALLOCATION_STEP
#define ALLOCATION_STEP 11

/* --- what fails ------------------------------------------------------------------------------- */

enum call { CALL_PWRITE, CALL_WRITEV, CALL_FDATASYNC, CALL_WRITE, CALL_FSYNC, CALL_MALLOC };

static struct {
    bool armed;
    enum call call;
    uint32_t left;  // calls that still succeed
    int error;
    bool for_good;   // all later ones fail too
    bool cut_short;  // half of it is written, as on a disk that fills just then
    bool hit;
} fault;

static bool fails(enum call call)
{
    if (!fault.armed || fault.call != call) {
        return false;
    }
    if (fault.left > 0) {
        fault.left--;
        return false;
    }
    fault.armed = fault.for_good;
    fault.hit = true;
    errno = fault.error;
    return true;
}

static void *next_of(const char *name)
{
    void *next = dlsym(RTLD_NEXT, name);

    CHECK(next != NULL);
    return next;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
    static ssize_t (*next)(int, const void *, size_t, off_t);

    if (next == NULL) {
        *(void **)&next = next_of("pwrite");
    }
    if (fails(CALL_PWRITE)) {
        return fault.cut_short ? next(fd, bytes, count / 2, offset) : -1;
    }
    return next(fd, bytes, count, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    static ssize_t (*next)(int, const struct iovec *, int);

    if (next == NULL) {
        *(void **)&next = next_of("writev");
    }
    if (fails(CALL_WRITEV)) {
        return fault.cut_short ? next(fd, parts, count / 2) : -1;
    }
    return next(fd, parts, count);
}

/* A disk on which a write was cut short has no room. */
int statvfs(const char *path, struct statvfs *fs)
{
    static int (*next)(const char *, struct statvfs *);

    if (next == NULL) {
        *(void **)&next = next_of("statvfs");
    }
    int rc = next(path, fs);
    fs->f_bavail = fault.hit && fault.cut_short ? 0 : fs->f_bavail;
    return rc;
}

int fdatasync(int fd)
{
    static int (*next)(int);

    if (next == NULL) {
        *(void **)&next = next_of("fdatasync");
    }
    return fails(CALL_FDATASYNC) ? -1 : next(fd);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    static ssize_t (*next)(int, const void *, size_t);

    if (next == NULL) {
        *(void **)&next = next_of("write");
    }
    return fails(CALL_WRITE) ? -1 : next(fd, bytes, count);
}

int fsync(int fd)
{
    static int (*next)(int);

    if (next == NULL) {
        *(void **)&next = next_of("fsync");
    }
    return fails(CALL_FSYNC) ? -1 : next(fd);
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *at, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *at, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return fails(CALL_MALLOC) ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails(CALL_MALLOC) ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *at, size_t bytes)
{
    return fails(CALL_MALLOC) ? NULL : __real_realloc(at, bytes);
}

/* --- a day ------------------------------------------------------------------------------------ */

/* What the clerk was told of a request. */
enum told { TOLD_NOTHING, TOLD_DONE, TOLD_REFUSED };

struct day {
    char ids[COMMANDS][24];
    enum told told[COMMANDS];
    uint64_t applications[COMMANDS];
};

/* Opens the hall's store and cycle; false if that fails, as a broker's start would. */
static bool open_hall(struct hall *hall)
{
    const struct store_config config = {
        .path = hall->path,
        .map_bytes = hall->map_bytes != 0 ? hall->map_bytes : (size_t)1 << 28,
    };
    const struct cycle_config cycle = { 0 };

    batch_init(&hall->batch);
    if (store_open(&config, &hall->store, NULL) != BL_OK) {
        return false;
    }
    catalog_open(hall->store, &hall->catalog);
    return cycle_open(&cycle, hall->store, hall->catalog, &hall->log, &hall->cycle, NULL) == BL_OK;
}

/* One submission alone in its batch; false if the broker would end here. */
static bool submit(struct hall *hall, struct day *day, size_t i)
{
    static struct hall_submission submission;

    shop_form(&submission, day->ids[i], 20, "老张面馆");
    batch_reset(&hall->batch);
    struct batch_command *added = batch_add(&hall->batch, &submission.command, &hall_clerk);
    enum bl_err err = cycle_run(hall->cycle, &hall->batch, hall->now, NULL);

    if (err != BL_OK && err != BL_FULL) {
        return false;  // exit 74: nobody is told anything
    }
    day->told[i] = added->answer.refusal == NULL ? TOLD_DONE : TOLD_REFUSED;
    day->applications[i] = added->answer.application_id;
    if (err == BL_FULL && day->told[i] == TOLD_DONE) {
        fail_msg("a batch that could not be written was acknowledged");
    }
    return true;
}

static void play(struct hall *hall, struct day *day)
{
    bool goes_on = open_hall(hall);

    for (size_t i = 0; i < COMMANDS && goes_on; i++) {
        hall->now += HOUR_US;
        goes_on = submit(hall, day, i);
    }
    hall_stop(hall);
}

/* Nothing fails any more: is the store whole, and does it know what was said? */
static void check(struct hall *hall, struct day *day)
{
    struct verify_result result;

    assert_true(open_hall(hall));
    if (verify_store(hall->store, stderr, &result, NULL) != BL_OK) {
        fail_msg("the store does not agree with itself");
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        static struct hall_submission submission;

        shop_form(&submission, day->ids[i], 20, "老张面馆");
        const Bl__Answer *answer = hall_do(hall, &hall_clerk, &submission.command);
        assert_null(answer->refusal);
        if (day->told[i] == TOLD_DONE &&
            (!answer->repeated || answer->application_id != day->applications[i])) {
            fail_msg("%s was acknowledged and is lost", day->ids[i]);
        }
        if (day->told[i] == TOLD_REFUSED && answer->repeated) {
            fail_msg("%s was refused and is there", day->ids[i]);
        }
    }
    hall_stop(hall);
}

static void begin_day(struct day *day, uint32_t number)
{
    *day = (struct day){ .told = { TOLD_NOTHING } };
    for (size_t i = 0; i < COMMANDS; i++) {
        (void)snprintf(day->ids[i], sizeof day->ids[i], "day-%u-%zu", number, i);
    }
}

static bool was_refused(const struct day *day)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (day->told[i] == TOLD_REFUSED) {
            return true;
        }
    }
    return false;
}

/* --- the disk --------------------------------------------------------------------------------- */

static const struct loop {
    const char *name;
    enum call call;
    int error;
    bool for_good, cut_short;
} loops[] = {
    { "pwrite: EIO once", CALL_PWRITE, EIO, false, false },
    { "pwrite: EIO for good", CALL_PWRITE, EIO, true, false },
    { "pwrite: ENOSPC once", CALL_PWRITE, ENOSPC, false, false },
    { "pwrite: ENOSPC for good", CALL_PWRITE, ENOSPC, true, false },
    { "writev: EIO once", CALL_WRITEV, EIO, false, false },
    { "writev: EIO for good", CALL_WRITEV, EIO, true, false },
    { "writev: ENOSPC once", CALL_WRITEV, ENOSPC, false, false },
    { "writev: ENOSPC for good", CALL_WRITEV, ENOSPC, true, false },
    { "pwrite: cut short", CALL_PWRITE, ENOSPC, false, true },
    { "writev: cut short", CALL_WRITEV, ENOSPC, false, true },
    { "fdatasync: EIO once", CALL_FDATASYNC, EIO, false, false },
    { "fdatasync: EIO for good", CALL_FDATASYNC, EIO, true, false },
    { "fdatasync: ENOSPC once", CALL_FDATASYNC, ENOSPC, false, false },
    { "fdatasync: ENOSPC for good", CALL_FDATASYNC, ENOSPC, true, false },
};

static struct loop asked;
static struct hall hall;

static int setup(void **state)
{
    asked = *(const struct loop *)*state;
    shop_open(&hall);
    hall_stop(&hall);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hall_remove(&hall);
    return 0;
}

static void test_disk(void **state)
{
    uint32_t number = 0;
    bool told_refused = false;

    (void)state;
    do {
        struct day day;

        begin_day(&day, number);
        fault.call = asked.call;
        fault.error = asked.error;
        fault.for_good = asked.for_good;
        fault.cut_short = asked.cut_short;
        fault.left = number;
        fault.hit = false;
        fault.armed = true;
        play(&hall, &day);
        fault.armed = false;
        fault.cut_short = false;
        check(&hall, &day);
        told_refused |= day.told[COMMANDS - 1] != TOLD_NOTHING && was_refused(&day);
    } while (fault.hit && ++number < DAYS_MAX);
    assert_true(number > 3);
    assert_true(number < DAYS_MAX);
    if (asked.cut_short) {
        assert_true(told_refused);  // and the broker went on
    }
}

/* --- copies ----------------------------------------------------------------------------------- */

static char copy_path_of[2][128];  // of the copy, and of what is made of it

static enum bl_err make_copy(struct bl_error *e)
{
    struct backup made;

    return backup_make(hall.path, copy_path_of[0], 0, hall.now, &made, e);
}

static enum bl_err bring_back(struct bl_error *e)
{
    struct backup found;

    return backup_restore(copy_path_of[0], copy_path_of[1], &found, e);
}

/* Each call fails in its turn: either all of it is there, or nothing. */
static void fail_in_turn(enum call call, int error, const char *folder,
                         enum bl_err (*act)(struct bl_error *e))
{
    uint32_t number = 0;
    enum bl_err err;

    do {
        struct bl_error e = { 0 };

        fault.call = call;
        fault.error = error;
        fault.for_good = false;
        fault.left = number;
        fault.hit = false;
        fault.armed = true;
        err = act(&e);
        fault.armed = false;
        if (err != BL_OK) {
            assert_true(fault.hit);
            assert_int_equal(copy_open_folder(folder, 0700, &e), BL_OK);  // it is empty
        } else if (fault.hit) {
            copy_empty_folder(folder);  // the call was of no consequence
        }
    } while (fault.hit && ++number < DAYS_MAX);
    assert_int_equal(err, BL_OK);
    assert_true(number > 0 || call == CALL_FDATASYNC);
}

static void test_copies(void **state)
{
    static const struct {
        enum call call;
        int error;
    } ways[] = {
        { CALL_WRITE, EIO },    { CALL_WRITE, ENOSPC }, { CALL_FSYNC, EIO },
        { CALL_FSYNC, ENOSPC }, { CALL_PWRITE, EIO },   { CALL_FDATASYNC, EIO },
    };
    struct backup found;
    struct bl_error e = { 0 };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(copy_path_of); i++) {
        (void)snprintf(copy_path_of[i], sizeof copy_path_of[i], "%s.copy-%zu", hall.path, i);
    }
    for (size_t i = 0; i < BL_COUNT(ways); i++) {
        bool is_of_copies = ways[i].call == CALL_WRITE || ways[i].call == CALL_FSYNC;

        if (is_of_copies) {
            fail_in_turn(ways[i].call, ways[i].error, copy_path_of[0], make_copy);
        } else {
            assert_int_equal(make_copy(&e), BL_OK);
        }
        assert_int_equal(backup_check(copy_path_of[0], &found, &e), BL_OK);
        fail_in_turn(ways[i].call, ways[i].error, copy_path_of[1], bring_back);
        for (size_t k = 0; k < BL_COUNT(copy_path_of); k++) {
            copy_empty_folder(copy_path_of[k]);
            (void)rmdir(copy_path_of[k]);
        }
    }
}

/* --- the map ---------------------------------------------------------------------------------- */

static void test_full_map(void **state)
{
    uint32_t number = 0, refused = 0;

    (void)state;
    hall.map_bytes = (size_t)1 << 20;
    while (refused < 3 && number < DAYS_MAX) {  // and goes on after it was full
        struct day day;
        struct verify_result result;

        begin_day(&day, number++);
        play(&hall, &day);
        for (size_t i = 0; i < COMMANDS; i++) {
            assert_int_not_equal(day.told[i], TOLD_NOTHING);
        }
        refused += day.told[COMMANDS - 1] == TOLD_REFUSED;
        assert_true(open_hall(&hall));
        assert_int_equal(verify_store(hall.store, stderr, &result, NULL), BL_OK);
        hall_stop(&hall);
        if (refused == 3) {
            hall.map_bytes = (size_t)1 << 24;  // an administrator has made room
            check(&hall, &day);
        }
    }
    hall.map_bytes = 0;
    assert_int_equal(refused, 3);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* In a process of its own, which says what it was told, and stops by itself at the failure. */
static bool play_in_child(struct day *day, uint32_t number)
{
    int ends[2], status;

    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(freopen("/dev/null", "w", stderr) != NULL);
        fault.call = CALL_MALLOC;
        fault.for_good = false;
        fault.error = ENOMEM;
        fault.left = number;
        fault.hit = false;
        fault.armed = true;
        bool goes_on = open_hall(&hall);
        for (size_t i = 0; i < COMMANDS && goes_on; i++) {
            hall.now += HOUR_US;
            goes_on = submit(&hall, day, i);
            CHECK(write(ends[1], day, sizeof *day) == sizeof *day);
        }
        hall_stop(&hall);
        _exit(fault.hit ? 1 : 0);
    }
    (void)close(ends[1]);
    while (read(ends[0], day, sizeof *day) == sizeof *day) {
    }
    (void)close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGABRT) {
        fail_msg("allocation %u: the process ends by signal %d", number, WTERMSIG(status));
    }
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Small allocations that fail stop the process (base/check.h), and a start recovers. */
static void test_allocations(void **state)
{
    bool all = getenv("BINGLIAN_FAILURES") != NULL;
    uint32_t number = 0;
    bool hit = true;

    (void)state;
    while (hit && number < 100 * DAYS_MAX) {
        struct day day;

        begin_day(&day, number);
        hit = play_in_child(&day, number);
        check(&hall, &day);
        number += all || number < EVERY_ALLOCATION ? 1 : ALLOCATION_STEP;
    }
    assert_true(number > 20);
    assert_false(hit);
    printf("%u allocations\n", number);
}

int main(void)
{
    static const struct loop memory = { "memory", CALL_MALLOC, ENOMEM, false, false };
    static const struct loop map = { "a full map", CALL_PWRITE, 0, false, false };
    static const struct loop copies = { "copies", CALL_WRITE, 0, false, false };
    struct CMUnitTest tests[BL_COUNT(loops) + 3];

    for (size_t i = 0; i < BL_COUNT(loops); i++) {
        tests[i] = (struct CMUnitTest){ loops[i].name, test_disk, setup, teardown,
                                        (void *)(uintptr_t)&loops[i] };
    }
    tests[BL_COUNT(loops)] = (struct CMUnitTest){ memory.name, test_allocations, setup, teardown,
                                                  (void *)(uintptr_t)&memory };
    tests[BL_COUNT(loops) + 1] =
        (struct CMUnitTest){ map.name, test_full_map, setup, teardown, (void *)(uintptr_t)&map };
    tests[BL_COUNT(loops) + 2] = (struct CMUnitTest){ copies.name, test_copies, setup, teardown,
                                                      (void *)(uintptr_t)&copies };
    return _cmocka_run_group_tests("failures", tests, BL_COUNT(tests), NULL, NULL);
}
