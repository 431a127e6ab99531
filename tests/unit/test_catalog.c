/* What catalog.h promises: each version compiled once, the newest that is not retired, calendars
 * as they are now, and what was given out stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct hall));
    shop_open(*state);
    return 0;
}

static int teardown(void **state)
{
    hall_close(*state);
    free(*state);
    return 0;
}

static void publish(struct hall *hall, const char *file, const char *source)
{
    const Bl__Answer *answer = hall_publish_text(hall, file, source, strlen(source));

    if (answer->refusal != NULL) {
        fail_msg("%s: %s", file, answer->refusal->rule);
    }
}

static void publish_version(struct hall *hall, char version)
{
    char source[sizeof store_workflow];

    memcpy(source, store_workflow, sizeof source);
    strstr(source, "version: 1")[9] = version;
    publish(hall, "shop.yaml", source);
}

static void retire(struct hall *hall, uint32_t version)
{
    Bl__Command command = BL__COMMAND__INIT;
    Bl__Retire retire = BL__RETIRE__INIT;

    retire.workflow = "shop";
    retire.version = version;
    command.what_case = BL__COMMAND__WHAT_RETIRE;
    command.retire = &retire;
    assert_null(hall_do(hall, &hall_admin, &command)->refusal);
}

static uint32_t version_of(struct hall *hall, uint32_t asked)
{
    struct catalog_version found;
    struct bl_error e = { 0 };
    enum bl_err err = asked == 0 ? catalog_current(hall->catalog, "shop", hall->now, &found, &e)
                                 : catalog_find(hall->catalog, "shop", asked, &found, &e);

    assert_int_equal(err, e.code);
    return err == BL_OK ? found.definition->version : 0;
}

static void test_newest_that_is_not_retired(void **state)
{
    struct hall *hall = *state;

    assert_int_equal(version_of(hall, 0), 1);
    publish_version(hall, '3');
    publish_version(hall, '2');
    assert_int_equal(version_of(hall, 0), 3);
    retire(hall, 3);
    assert_int_equal(version_of(hall, 0), 2);
    retire(hall, 2);
    retire(hall, 1);
    assert_int_equal(version_of(hall, 0), 0);
    /* Applications stay on the version that they began with, retired or not. */
    assert_int_equal(version_of(hall, 3), 3);
    assert_int_equal(version_of(hall, 1), 1);
}

static void test_unknown(void **state)
{
    struct hall *hall = *state;
    struct catalog_version found = { 0 };
    const struct calendar *calendar = NULL;
    struct bl_error e = { 0 };

    assert_int_equal(catalog_current(hall->catalog, "no-such", hall->now, &found, &e),
                     BL_NOT_FOUND);
    assert_int_equal(e.code, BL_NOT_FOUND);
    assert_int_equal(catalog_find(hall->catalog, "shop", 9, &found, NULL), BL_NOT_FOUND);
    assert_null(found.definition);
    assert_int_equal(catalog_calendar(hall->catalog, "no-such", &calendar, NULL), BL_NOT_FOUND);
    assert_null(calendar);
}

static void test_compiled_once(void **state)
{
    struct hall *hall = *state;
    struct catalog_version one, two;

    assert_int_equal(catalog_current(hall->catalog, "shop", hall->now, &one, NULL), BL_OK);
    publish_version(hall, '2');
    assert_int_equal(catalog_find(hall->catalog, "shop", 1, &two, NULL), BL_OK);
    assert_ptr_equal(one.definition, two.definition);
    assert_string_equal(one.definition->workflow, "shop");  // still valid after the refresh
    assert_int_equal(one.definition->item_count, 4);
}

static bool works(struct hall *hall, const char *calendar, int32_t year, int32_t month, int32_t day)
{
    const struct calendar *found;

    assert_int_equal(catalog_calendar(hall->catalog, calendar, &found, NULL), BL_OK);
    return calendar_is_workday(found, bl_day_of((struct bl_date){ year, month, day }));
}

static const char calendar_before[] =
    "calendar: town\n"
    "utc_offset: \"+08:00\"\n"
    "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"
    "years:\n"
    "  2026: {holidays: [10-01..10-07], workdays: [], source: 通知, reviewed: true}\n";
static const char calendar_after[] =
    "calendar: town\n"
    "utc_offset: \"+08:00\"\n"
    "hours: [{from: \"01-01\", to: \"12-31\", day: [\"08:30-12:00\", \"14:00-17:30\"]}]\n"
    "years:\n"
    "  2026: {holidays: [10-01..10-08], workdays: [], source: 通知, reviewed: true}\n";
static const char calendar_layer[] = "calendar: office\n"
                                     "base: town\n"
                                     "years:\n"
                                     "  2026: {holidays: [11-30..11-30], source: 通知, reviewed: "
                                     "true}\n";

static void test_calendar_is_refreshed(void **state)
{
    struct hall *hall = *state;
    const struct calendar *before;

    publish(hall, "town.yaml", calendar_before);
    publish(hall, "office.yaml", calendar_layer);
    assert_true(works(hall, "town", 2026, 10, 8));
    assert_true(works(hall, "office", 2026, 10, 8));
    assert_false(works(hall, "office", 2026, 11, 30));
    assert_int_equal(catalog_calendar(hall->catalog, "town", &before, NULL), BL_OK);
    publish(hall, "town.yaml", calendar_after);
    assert_false(works(hall, "town", 2026, 10, 8));
    /* Also in the layer that stands on it. */
    assert_false(works(hall, "office", 2026, 10, 8));
    assert_false(works(hall, "office", 2026, 11, 30));
    /* Who still holds the old one sees what he saw. */
    assert_true(calendar_is_workday(before, bl_day_of((struct bl_date){ 2026, 10, 8 })));
}

static void test_departments(void **state)
{
    struct hall *hall = *state;
    const Bl__DepartmentsFile *before = catalog_departments(hall->catalog);

    assert_non_null(before);
    size_t count = before->n_departments;
    publish(hall, "departments.yaml",
            "departments:\n"
            "  amr: {title: {zh: 甲, en: A}}\n"
            "  fire: {title: {zh: 乙, en: B}}\n"
            "  urban: {title: {zh: 丙, en: C}}\n");
    assert_int_equal(catalog_departments(hall->catalog)->n_departments, 3);
    assert_int_equal(before->n_departments, count);  // still there
}

static void test_empty_store(void **state)
{
    char path[] = "/tmp/binglian-test.XXXXXX";
    struct hall hall = { .now = MONDAY_NINE };
    struct catalog_version found;

    (void)state;
    assert_non_null(mkdtemp(path));
    bl_text_copy(hall.path, sizeof hall.path, path);
    hall_start(&hall);
    assert_null(catalog_departments(hall.catalog));
    assert_int_equal(catalog_current(hall.catalog, "shop", hall.now, &found, NULL), BL_NOT_FOUND);
    hall_close(&hall);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_newest_that_is_not_retired), T(test_unknown),     T(test_compiled_once),
        T(test_calendar_is_refreshed),      T(test_departments), cmocka_unit_test(test_empty_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
