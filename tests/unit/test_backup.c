/* What backup.h promises: a copy is the whole store at one event, it comes back as it was, and a
 * copy that is not what it was is refused, whatever is wrong with it, and nothing is left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "store/backup.h"
#include "store/copy.h"
#include "store_fixture.h"

#define EVENTS 6  // calendar, departments, workflow, two submissions, a decision

struct place {
    struct hall hall;
    char copy[96], back[96], attached[96];
    struct backup made;
};

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    CHECK(fputs(text, file) >= 0);
    CHECK(fclose(file) == 0);
}

static unsigned mode_of(const char *folder, const char *name)
{
    char path[512];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK(stat(path, &status) == 0);
    return status.st_mode & 0777;
}

static bool is_there(const char *folder, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* A stopped hall with two applications and files beside its store, and a copy of it. */
static int setup(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct hall *hall = &place->hall;
    struct bl_error e = { 0 };

    (void)umask(022);
    shop_open(hall);
    CHECK(shop_submit(hall, "r-1", 20)->refusal == NULL);
    CHECK(shop_submit(hall, "r-2", 500)->refusal == NULL);
    CHECK(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    hall_stop(hall);
    (void)snprintf(place->copy, sizeof place->copy, "%s.copy", hall->path);
    (void)snprintf(place->back, sizeof place->back, "%s.back", hall->path);
    (void)snprintf(place->attached, sizeof place->attached, "%s/files", hall->path);
    CHECK(mkdir(place->attached, 0700) == 0);
    write_file(place->attached, "lease", "a lease");
    write_file(hall->path, "broker.identity", "a key");
    write_file(hall->path, "endpoint", "tcp://127.0.0.1:1");
    if (backup_make(hall->path, place->copy, 0, MONDAY_NINE, &place->made, &e) != BL_OK) {
        (void)fprintf(stderr, "%s: %s\n", e.source, e.text);
        abort();
    }
    *state = place;
    return 0;
}

static void remove_folder(const char *path)
{
    copy_empty_folder(path);
    (void)rmdir(path);
}

static int teardown(void **state)
{
    struct place *place = *state;

    remove_folder(place->hall.path);
    remove_folder(place->copy);
    remove_folder(place->back);
    free(place);
    return 0;
}

static void assert_gone(const char *folder)
{
    struct bl_error e = { 0 };

    assert_int_equal(copy_open_folder(folder, 0700, &e), BL_OK);  // there is nothing in it
}

static void test_there_and_back(void **state)
{
    struct place *place = *state;
    struct backup found;
    struct verify_result result = { 0 };
    struct store_config config = { .path = place->back, .map_bytes = (size_t)1 << 28 };
    struct store *store = NULL;
    struct bl_error e = { 0 };

    assert_int_equal(place->made.event, EVENTS);
    assert_int_equal(strlen(place->made.chain), BACKUP_HASH_TEXT - 1);
    assert_int_equal(place->made.files, 3);
    assert_false(is_there(place->copy, "endpoint"));
    assert_false(is_there(place->copy, "broker.lock"));
    assert_int_equal(backup_check(place->copy, &found, &e), BL_OK);
    assert_int_equal(found.event, EVENTS);
    assert_string_equal(found.chain, place->made.chain);
    assert_true(found.at == MONDAY_NINE);
    assert_int_equal(backup_restore(place->copy, place->back, &found, &e), BL_OK);
    assert_true(is_there(place->back, "files/lease"));
    assert_true(is_there(place->back, "broker.identity"));
    assert_false(is_there(place->back, "manifest.jsonl"));
    assert_int_equal(mode_of(place->back, "data.mdb"), 0640);  // the gateway reads it
    assert_int_equal(mode_of(place->back, "."), 0750);
    assert_int_equal(mode_of(place->copy, "."), 0700);
    assert_int_equal(store_open(&config, &store, &e), BL_OK);
    assert_int_equal(verify_store(store, stderr, &result, &e), BL_OK);
    assert_int_equal(result.events, EVENTS);
    assert_true(store_start(store) > 1000);  // the lost broker may have given attempts of its own
    store_close(&store);
}

static void test_pace(void **state)
{
    struct place *place = *state;
    struct backup made;
    struct bl_error e = { 0 };
    uint64_t bytes = place->made.bytes;
    bl_span began = bl_time_monotonic();

    assert_int_equal(backup_make(place->hall.path, place->back, bytes * 5, MONDAY_NINE, &made, &e),
                     BL_OK);
    assert_true(bl_time_monotonic() - began >= SECOND_US / 5 - MILLISECOND_US);
    assert_int_equal(made.event, EVENTS);
}

static void test_within_itself(void **state)
{
    struct place *place = *state;
    struct backup made;
    struct bl_error e = { 0 };
    char inner[128];

    (void)snprintf(inner, sizeof inner, "%s/copy", place->hall.path);
    assert_int_equal(backup_make(place->hall.path, inner, 0, MONDAY_NINE, &made, &e), BL_INVALID);
    assert_false(is_there(place->hall.path, "copy"));
}

static void test_no_store(void **state)
{
    struct place *place = *state;
    struct backup made;
    struct bl_error e = { 0 };

    assert_int_equal(backup_make(place->attached, place->back, 0, MONDAY_NINE, &made, &e),
                     BL_NOT_FOUND);
    assert_gone(place->back);
}

static void test_folder_in_use(void **state)
{
    struct place *place = *state;
    struct backup made;
    struct bl_error e = { 0 };

    assert_int_equal(backup_make(place->hall.path, place->copy, 0, MONDAY_NINE, &made, &e),
                     BL_EXISTS);
    assert_int_equal(backup_check(place->copy, &made, &e), BL_OK);  // and is as it was
    e = (struct bl_error){ 0 };
    assert_int_equal(backup_restore(place->copy, place->hall.path, &made, &e), BL_EXISTS);
}

/* --- what may be wrong with a copy -------------------------------------------------------------
 */

static char *read_manifest(const char *copy, char path[512])
{
    static char text[8192];

    (void)snprintf(path, 512, "%s/manifest.jsonl", copy);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    size_t bytes = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[bytes] = '\0';
    return text;
}

/* Puts `to` in place of the first `from` in the manifest. */
static void replace(const char *copy, const char *from, const char *to)
{
    char path[512], *text = read_manifest(copy, path), *at = strstr(text, from);

    CHECK(at != NULL);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    (void)fprintf(file, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    CHECK(fclose(file) == 0);
}

static void flip(const char *copy, const char *name, long from_end)
{
    char path[512];
    int byte;

    (void)snprintf(path, sizeof path, "%s/%s", copy, name);
    FILE *file = fopen(path, "r+");
    CHECK(file != NULL);
    CHECK(fseek(file, -from_end, SEEK_END) == 0);
    byte = fgetc(file);
    CHECK(fseek(file, -from_end, SEEK_END) == 0);
    CHECK(fputc(byte ^ 4, file) != EOF);
    CHECK(fclose(file) == 0);
}

static void drop(const char *copy, const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", copy, name);
    CHECK(unlink(path) == 0);
}

static void no_manifest(const char *copy)
{
    drop(copy, "manifest.jsonl");
}

static void store_damaged(const char *copy)
{
    flip(copy, "data.mdb", 2000);
}

static void store_cut(const char *copy)
{
    char path[512];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s/data.mdb", copy);
    CHECK(stat(path, &status) == 0);
    CHECK(truncate(path, status.st_size - 4096) == 0);
}

static void store_gone(const char *copy)
{
    drop(copy, "data.mdb");
}

static void attached_damaged(const char *copy)
{
    flip(copy, "files/lease", 1);
}

static void attached_gone(const char *copy)
{
    drop(copy, "files/lease");
}

static void event_changed(const char *copy)
{
    replace(copy, "\"event\":\"6\"", "\"event\":\"7\"");
}

static void hash_changed(const char *copy)
{
    replace(copy, "\"hash\":\"", "\"hash\":\"0");
}

static void file_left_out(const char *copy)
{
    char path[512], *text = read_manifest(copy, path);
    char line[1024];

    (void)snprintf(line, sizeof line, "%.*s\n", (int)strcspn(text, "\n"), text);
    replace(copy, line, "");
}

static void summary_left_out(const char *copy)
{
    char path[512], *text = read_manifest(copy, path), *last = strstr(text, "{\"format\"");

    CHECK(last != NULL && truncate(path, last - text) == 0);
}

static void line_added(const char *copy)
{
    char path[512];
    (void)read_manifest(copy, path);
    FILE *file = fopen(path, "a");

    CHECK(file != NULL);
    CHECK(fputs("{}\n", file) >= 0);
    CHECK(fclose(file) == 0);
}

static void newer_format(const char *copy)
{
    replace(copy, "\"format\":1", "\"format\":2,\"unheard\":1");
}

static void leads_elsewhere(const char *copy)
{
    replace(copy, "files/lease", "files/../../lease");
}

static const struct fault {
    const char *name;
    void (*make)(const char *copy);
    enum bl_err code;
} faults[] = {
    { "no manifest", no_manifest, BL_NOT_FOUND },
    { "a bit of the store", store_damaged, BL_CORRUPT },
    { "the store cut off", store_cut, BL_CORRUPT },
    { "no store", store_gone, BL_CORRUPT },
    { "a bit of an attached file", attached_damaged, BL_CORRUPT },
    { "an attached file missing", attached_gone, BL_CORRUPT },
    { "another event in the manifest", event_changed, BL_CORRUPT },
    { "another hash in the manifest", hash_changed, BL_CORRUPT },
    { "a file left out of the manifest", file_left_out, BL_CORRUPT },
    { "no last line", summary_left_out, BL_CORRUPT },
    { "a line after the last", line_added, BL_CORRUPT },
    { "a newer format", newer_format, BL_FORMAT },
    { "a name that leads elsewhere", leads_elsewhere, BL_CORRUPT },
};

static struct fault asked;

static int setup_fault(void **state)
{
    asked = *(const struct fault *)*state;
    return setup(state);
}

static void test_fault(void **state)
{
    struct place *place = *state;
    struct backup found;
    struct bl_error e = { 0 };

    asked.make(place->copy);
    assert_int_equal(backup_check(place->copy, &found, &e), asked.code);
    e = (struct bl_error){ 0 };
    assert_int_equal(backup_restore(place->copy, place->back, &found, &e), asked.code);
    assert_int_equal(e.code, asked.code);
    assert_gone(place->back);
}

int main(void)
{
    struct CMUnitTest tests[5 + BL_COUNT(faults)] = {
        cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_within_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(test_folder_in_use, setup, teardown),
    };

    for (size_t i = 0; i < BL_COUNT(faults); i++) {
        tests[5 + i] = (struct CMUnitTest){ .name = faults[i].name,
                                            .test_func = test_fault,
                                            .setup_func = setup_fault,
                                            .teardown_func = teardown,
                                            .initial_state = (void *)(uintptr_t)&faults[i] };
    }
    return _cmocka_run_group_tests("backup", tests, BL_COUNT(tests), NULL, NULL);
}
