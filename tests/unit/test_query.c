/* What query.h and sight.h promise: lists that agree with what single views say, pages that name
 * each case once whatever is added meanwhile, events without a gap, and nobody sees another
 * department's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/query.h"
#include "store/view.h"
#include "store_fixture.h"

#define SHOPS 9
#define PAGES_MAX 100
#define DUE_SPAN                                                                                   \
    (14 * DAY_US + 8 * HOUR_US + 30 * MINUTE_US)  // 10 working days: that Monday's close

static const struct principal supervisor = { BL__KEY__ROLE__SUPERVISOR, "supervisor", "" };

static struct bl_arena arena;  // of the answers of one test

#define SOMEBODY "11010519491231002X"

/* The window is w-1 for those with an odd number; the first of each three has said who he is. */
static const Bl__Answer *submit(struct hall *hall, int number, const char *id, double area)
{
    static struct hall_submission submission;

    shop_form(&submission, id, area, "老张面馆");
    Bl__Content *content =
        bl__content__unpack(&arena.allocator, submission.submit.content.len, submission.content);
    assert_non_null(content);
    content->applicant->id = number % 3 == 1 ? SOMEBODY : "";
    submission.submit.content.len = bl__content__pack(content, submission.content);
    submission.submit.window = number % 2 == 1 ? "w-1" : "w-2";
    return hall_do(hall, &hall_clerk, &submission.command);
}

/* Nine shops, 1 to 9, submitted an hour apart. Every third is large. 1 has its `first` done, 2 is
 * over, 3 has an incident at urban. */
static int setup(void **state)
{
    struct hall *hall = calloc(1, sizeof *hall);

    bl_arena_init(&arena, 1 << 16, SIZE_MAX);
    shop_open(hall);
    for (int i = 1; i <= SHOPS; i++) {
        char id[24];

        (void)snprintf(id, sizeof id, "r-%d", i);
        CHECK(submit(hall, i, id, i % 3 == 0 ? 500 : 20)->refusal == NULL);
        hall->now += HOUR_US;
    }
    CHECK(shop_decide(hall, "amr", 1, "first", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    CHECK(shop_decide(hall, "amr", 2, "first", BL__ITEM__RESULT__DENIED)->refusal == NULL);
    CHECK(shop_decide(hall, "amr", 2, "permit", BL__ITEM__RESULT__GRANTED)->refusal == NULL);
    CHECK(shop_fail(hall, "urban", 3, "large")->refusal == NULL);
    *state = hall;
    return 0;
}

static int teardown(void **state)
{
    hall_close(*state);
    free(*state);
    bl_arena_free(&arena);
    return 0;
}

static const Bl__QueryAnswer *ask(struct hall *hall, const struct principal *principal,
                                  const Bl__Query *query)
{
    struct query_context context = { hall->store, hall->catalog, MONDAY_NINE };
    Bl__QueryAnswer *answer = bl_arena_new(&arena, Bl__QueryAnswer);
    struct bl_error e = { 0 };

    bl__query_answer__init(answer);
    assert_int_equal(query_answer(&context, query, principal, hall->now, &arena, answer, &e),
                     BL_OK);
    return answer;
}

// clang-format off
#define QUERY(kind, field, asked_for)                                                              \
    (Bl__Query){ .base = { .descriptor = &bl__query__descriptor },                                 \
                 .what_case = BL__QUERY__WHAT_##kind, .field = &(asked_for) }
// clang-format on

static const Bl__QueryAnswer *get(struct hall *hall, const struct principal *principal,
                                  const char *number, bool events)
{
    Bl__GetApplication what = BL__GET_APPLICATION__INIT;

    what.number = number;
    what.events = events;
    return ask(hall, principal, &QUERY(APPLICATION, application, what));
}

static const Bl__QueryAnswer *list(struct hall *hall, const struct principal *principal,
                                   const Bl__ListApplications *filter, uint32_t limit,
                                   const char *after)
{
    Bl__ListApplications what = *filter;

    what.limit = limit;
    what.after = after;
    return ask(hall, principal, &QUERY(APPLICATIONS, applications, what));
}

/* --- one application ---------------------------------------------------------------------------
 */

static void test_get(void **state)
{
    struct hall *hall = *state;
    const Bl__QueryAnswer *answer = get(hall, &supervisor, "S-20261123-0001", false);

    assert_null(answer->refusal);
    assert_int_equal(answer->n_applications, 1);
    assert_int_equal(answer->newest_event, 3 + SHOPS + 4);
    const Bl__ApplicationView *view = answer->applications[0];
    assert_string_equal(view->number, "S-20261123-0001");
    assert_string_equal(view->title->zh, "店");
    assert_string_equal(view->title->en, "Shop");
    assert_string_equal(view->applicant, "张*");
    assert_int_equal(view->light, BL__LIGHT__GREEN);
    assert_string_equal(view->promise->limit, "10 working days");
    assert_true(view->promise->running);
    assert_int_equal(view->n_items, 4);
    const Bl__ItemView *second = view->items[2];
    assert_string_equal(second->id, "second");
    assert_string_equal(second->department_title->en, "Fire brigade");
    assert_int_equal(second->n_needs, 1);
    assert_string_equal(second->needs[0], "first");
    const Bl__ItemView *large = view->items[3];
    assert_int_equal(large->state, BL__ITEM__STATE__NOT_NEEDED);
    assert_string_equal(large->condition, "form.area > 300");
    assert_null(large->promise);
    assert_int_equal(answer->n_events, 0);
}

static void test_get_with_history(void **state)
{
    struct hall *hall = *state;
    const Bl__QueryAnswer *answer = get(hall, &supervisor, "S-20261123-0002", true);

    assert_int_equal(answer->n_events, 3);
    assert_int_equal(answer->events[0]->event->what_case, BL__EVENT__WHAT_SUBMITTED);
    assert_string_equal(answer->events[1]->item, "first");
    assert_string_equal(answer->events[2]->item, "permit");
    assert_string_equal(answer->events[2]->application, "S-20261123-0002");
    assert_string_equal(answer->next, "");
}

static void test_get_unknown(void **state)
{
    static const char *const numbers[] = { "", "S-20261123-9999", "no such thing" };
    struct hall *hall = *state;
    char longest[500];

    for (size_t i = 0; i < BL_COUNT(numbers); i++) {
        const Bl__QueryAnswer *answer = get(hall, &supervisor, numbers[i], true);

        assert_string_equal(answer->refusal->code, "not-found");
        assert_int_equal(answer->n_applications, 0);
        assert_int_equal(answer->n_events, 0);
    }
    memset(longest, 'S', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_string_equal(get(hall, &supervisor, longest, false)->refusal->code, "not-found");
}

/* A department sees its own items; an application without any is not there. */
static void test_get_as_a_department(void **state)
{
    struct hall *hall = *state;
    struct principal fire = hall_worker("fire"), tax = hall_worker("tax");
    const Bl__QueryAnswer *answer = get(hall, &fire, "S-20261123-0001", true);

    assert_int_equal(answer->n_applications, 1);
    assert_int_equal(answer->applications[0]->n_items, 1);
    assert_string_equal(answer->applications[0]->items[0]->id, "second");
    assert_int_equal(answer->n_events, 1);  // the submission, not what amr has decided
    assert_int_equal(answer->events[0]->event->what_case, BL__EVENT__WHAT_SUBMITTED);
    assert_string_equal(get(hall, &tax, "S-20261123-0001", true)->refusal->code, "not-found");
}

static void test_masked(void **state)
{
    static const struct {
        const char *name, *shown;
    } rows[] = {
        { "", "" },
        { "张", "张" },
        { "张三", "张*" },
        { "张三丰", "张**" },
        { "欧阳娜娜", "欧***" },
        { "福建省老张餐饮有限公司", "福***" },
        { "Ann", "A**" },
        { "\xF0\xA0\xAE\xB7野", "\xF0\xA0\xAE\xB7*" },
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        assert_string_equal(view_masked(&arena, rows[i].name), rows[i].shown);
    }
}

/* --- lists -------------------------------------------------------------------------------------
 */

static bool is_ready_at(const Bl__ItemView *item, const char *department, bl_time until)
{
    return strcmp(item->department, department) == 0 && item->state == BL__ITEM__STATE__ACCEPTED &&
           !item->incident && !item->held && item->promise->due_at <= until;
}

/* Does a view fit the filter? Said from the view alone, without any index. */
static bool fits(const Bl__ApplicationView *view, const Bl__ListApplications *filter, bl_time now)
{
    bool urgent = filter->overdue || filter->light == BL__LIGHT__RED;
    bool there = filter->department[0] == '\0';

    for (size_t i = 0; i < view->n_items && !there; i++) {
        there = is_ready_at(view->items[i], filter->department, urgent ? now : BL_NEVER);
    }
    return there && (filter->state == 0 || filter->state == view->state) &&
           (filter->window[0] == '\0' || strcmp(filter->window, view->window) == 0) &&
           (filter->due_from == 0 ||
            (view->promise != NULL && view->promise->due_at >= filter->due_from)) &&
           (filter->due_to == 0 ||
            (view->promise != NULL && view->promise->due_at < filter->due_to)) &&
           (filter->workflow[0] == '\0' || strcmp(filter->workflow, view->workflow) == 0) &&
           (filter->light == BL__LIGHT__LIGHT_UNSPECIFIED || filter->light == view->light) &&
           (!filter->overdue || view->light == BL__LIGHT__RED) &&
           (!filter->open || view->ended_at == 0);
}

/* Reads all pages; each application may stand on them once. Returns how many there were. */
static size_t read_pages(struct hall *hall, const struct principal *principal,
                         const Bl__ListApplications *filter, uint32_t limit, bool seen[SHOPS + 1])
{
    const char *after = "";
    size_t pages = 0, count = 0;

    memset(seen, 0, (SHOPS + 1) * sizeof *seen);
    do {
        const Bl__QueryAnswer *answer = list(hall, principal, filter, limit, after);

        assert_null(answer->refusal);
        assert_true(answer->n_applications <= limit);
        assert_true(++pages < PAGES_MAX);
        for (size_t i = 0; i < answer->n_applications; i++) {
            uint64_t id = answer->applications[i]->id;

            assert_in_range(id, 1, SHOPS);
            assert_false(seen[id]);
            seen[id] = true;
            count++;
        }
        after = answer->next;
    } while (after[0] != '\0');
    return count;
}

static void check_list(struct hall *hall, const Bl__ListApplications *filter)
{
    static const uint32_t limits[] = { 1, 2, 3, SHOPS, 200 };
    Bl__ListApplications all = BL__LIST_APPLICATIONS__INIT;
    const Bl__QueryAnswer *views = list(hall, &supervisor, &all, 200, "");
    bool seen[SHOPS + 1];

    assert_int_equal(views->n_applications, SHOPS);
    for (size_t l = 0; l < BL_COUNT(limits); l++) {
        (void)read_pages(hall, &supervisor, filter, limits[l], seen);
        for (size_t i = 0; i < SHOPS; i++) {
            const Bl__ApplicationView *view = views->applications[i];

            if (seen[view->id] != fits(view, filter, hall->now)) {
                fail_msg("%s, pages of %u", view->number, limits[l]);
            }
        }
    }
}

static const struct list_case {
    const char *name;
    const char *workflow, *department;
    Bl__Light light;
    bool overdue, open;
    Bl__Application__State state;
    const char *window;  // NULL: any
    bl_span from, to;    // due moments, after the first hour; 0: any
} list_cases[] = {
    { "list: all", "", "", 0, false, false },
    { "list: a workflow", "shop", "", 0, false, false },
    { "list: no such workflow", "none", "", 0, false, false },
    { "list: open", "", "", 0, false, true },
    { "list: overdue", "", "", 0, true, false },
    { "list: overdue and open", "", "", 0, true, true },
    { "list: green", "", "", BL__LIGHT__GREEN, false, false },
    { "list: yellow", "", "", BL__LIGHT__YELLOW, false, false },
    { "list: red", "", "", BL__LIGHT__RED, false, false },
    { "list: blue", "", "", BL__LIGHT__BLUE, false, false },
    { "list: grey", "", "", BL__LIGHT__GREY, false, false },
    { "list: grey and open", "", "", BL__LIGHT__GREY, false, true },
    { "list: amr, two items of one case", "", "amr", 0, false, false },
    { "list: fire", "", "fire", 0, false, false },
    { "list: urban", "", "urban", 0, false, false },
    { "list: a department without work", "", "tax", 0, false, false },
    { "list: amr, overdue", "", "amr", 0, true, false },
    { "list: amr, red", "", "amr", BL__LIGHT__RED, false, false },
    { "list: amr, green", "", "amr", BL__LIGHT__GREEN, false, false },
    { "list: amr, yellow", "", "amr", BL__LIGHT__YELLOW, false, false },
    { "list: another workflow at amr", "none", "amr", 0, false, false },
    { "list: accepted", "", "", 0, false, false, BL__APPLICATION__STATE__ACCEPTED },
    { "list: partly done", "", "", 0, false, false, BL__APPLICATION__STATE__PARTLY_DONE },
    { "list: completed", "", "", 0, false, false, BL__APPLICATION__STATE__COMPLETED },
    { "list: completed of a workflow", "shop", "", 0, false, false,
      BL__APPLICATION__STATE__COMPLETED },
    { "list: completed and open", "", "", 0, false, true, BL__APPLICATION__STATE__COMPLETED },
    { "list: withdrawn", "", "", 0, false, false, BL__APPLICATION__STATE__WITHDRAWN },
    { "list: accepted and red", "", "", BL__LIGHT__RED, false, false,
      BL__APPLICATION__STATE__ACCEPTED },
    { "list: a window", "", "", 0, false, false, 0, "w-2" },
    { "list: a window's open ones", "", "", 0, false, true, 0, "w-1" },
    { "list: a window's of a workflow", "shop", "", 0, false, false, 0, "w-1" },
    { "list: no such window", "", "", 0, false, false, 0, "w-9" },
    { "list: due from", "", "", 0, false, false, 0, NULL, DUE_SPAN, 0 },
    { "list: due to", "", "", 0, false, false, 0, NULL, 0, DUE_SPAN },
    { "list: due in a range", "", "", 0, false, false, 0, NULL, DUE_SPAN - HOUR_US,
      DUE_SPAN + HOUR_US },
    { "list: due in a range, open", "", "", 0, false, true, 0, NULL, 1, DUE_SPAN + DAY_US },
    { "list: due in a range, of a workflow", "shop", "", 0, false, false, 0, NULL, 1,
      DUE_SPAN + DAY_US },
    { "list: due in a range, at a window", "", "", 0, false, false, 0, "w-1", 1,
      DUE_SPAN + DAY_US },
};

static const struct list_case *asked;  // the row that the test is about

static int setup_list(void **state)
{
    asked = *state;
    return setup(state);
}

/* The same list while the week goes by; once with the timers run, as the broker does, and before
 * that as they are late. */
static void test_list(void **state)
{
    struct hall *hall = *state;
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;

    filter.workflow = asked->workflow;
    filter.department = asked->department;
    filter.light = asked->light;
    filter.overdue = asked->overdue;
    filter.open = asked->open;
    filter.state = asked->state;
    filter.window = asked->window == NULL ? "" : asked->window;
    filter.due_from = asked->from == 0 ? 0 : MONDAY_NINE + asked->from;
    filter.due_to = asked->to == 0 ? 0 : MONDAY_NINE + asked->to;
    for (int day = 0; day < 16; day++) {
        bl_arena_reset(&arena);
        check_list(hall, &filter);
        assert_int_equal(shop_wake(hall), BL_OK);
        check_list(hall, &filter);
        hall->now += DAY_US;
    }
}

/* The lights do change in that time, else the tests above say nothing. */
static void test_all_lights_are_seen(void **state)
{
    static const Bl__Light lights[] = { BL__LIGHT__GREEN, BL__LIGHT__YELLOW, BL__LIGHT__RED,
                                        BL__LIGHT__GREY };
    struct hall *hall = *state;
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;
    bool seen[SHOPS + 1];
    size_t counts[BL_COUNT(lights)] = { 0 };

    for (int day = 0; day < 16; day++) {
        for (size_t i = 0; i < BL_COUNT(lights); i++) {
            filter.light = lights[i];
            counts[i] += read_pages(hall, &supervisor, &filter, 50, seen);
        }
        hall->now += DAY_US;
    }
    for (size_t i = 0; i < BL_COUNT(lights); i++) {
        assert_true(counts[i] > 0);
    }
}

static void test_order(void **state)
{
    struct hall *hall = *state;
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;
    const Bl__QueryAnswer *answer = list(hall, &supervisor, &filter, 0, "");

    assert_int_equal(answer->n_applications, SHOPS);
    for (size_t i = 0; i < SHOPS; i++) {
        assert_int_equal(answer->applications[i]->id, SHOPS - i);  // newest first
    }
    filter.open = true;
    answer = list(hall, &supervisor, &filter, 0, "");
    assert_int_equal(answer->n_applications, SHOPS - 1);
    assert_int_equal(answer->applications[0]->id % 3, 0);  // `large` is due tomorrow
    assert_int_equal(answer->applications[1]->id % 3, 0);
    assert_int_equal(answer->applications[2]->id % 3, 0);
}

/* Between any two pages a new shop opens: those from before still come, each once. */
static void test_pages_survive_inserts(void **state)
{
    static const struct list_case rows[] = {
        { "all", "", "", 0, false, false },
        { "open", "", "", 0, false, true },
        { "amr", "", "amr", 0, false, false },
    };
    struct hall *hall = *state;
    char id[24];
    int made = 0;

    for (size_t r = 0; r < BL_COUNT(rows); r++) {
        Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;
        bool seen[1000] = { false };
        const char *after = "";
        bool expected[SHOPS + 1];

        filter.department = rows[r].department;
        filter.open = rows[r].open;
        for (uint64_t i = 1; i <= SHOPS; i++) {
            expected[i] = i != 2 || r == 0;  // 2 is over
        }
        do {
            const Bl__QueryAnswer *answer = list(hall, &supervisor, &filter, 2, after);

            for (size_t i = 0; i < answer->n_applications; i++) {
                assert_false(seen[answer->applications[i]->id]);
                seen[answer->applications[i]->id] = true;
            }
            after = answer->next;
            (void)snprintf(id, sizeof id, "new-%d", made++);
            assert_null(shop_submit(hall, id, made % 2 == 0 ? 500 : 20)->refusal);
            assert_true(made < PAGES_MAX);  // two on a page, one more each time: it ends
        } while (after[0] != '\0');
        for (uint64_t i = 1; i <= SHOPS; i++) {
            assert_int_equal(seen[i], expected[i]);
        }
    }
}

static void test_limits(void **state)
{
    struct hall *hall = *state;
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;
    char id[24];

    for (int i = 0; i < QUERY_LIMIT_MAX; i++) {
        (void)snprintf(id, sizeof id, "more-%d", i);
        assert_null(shop_submit(hall, id, 20)->refusal);
    }
    assert_int_equal(list(hall, &supervisor, &filter, 0, "")->n_applications, QUERY_LIMIT_DEFAULT);
    assert_int_equal(list(hall, &supervisor, &filter, 100000, "")->n_applications, QUERY_LIMIT_MAX);
}

/* By the number of his papers, which no row has in it; with a workflow, and page by page. */
static void test_applicant(void **state)
{
    struct hall *hall = *state;
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;
    bool seen[SHOPS + 1];

    filter.applicant = SOMEBODY;
    for (uint32_t limit = 1; limit <= 4; limit++) {
        assert_int_equal(read_pages(hall, &supervisor, &filter, limit, seen), 3);
        assert_true(seen[1] && seen[4] && seen[7]);
    }
    const Bl__QueryAnswer *answer = list(hall, &supervisor, &filter, 3, "");
    assert_int_equal(answer->applications[0]->id, 7);  // the newest first
    filter.window = "w-2";
    assert_int_equal(read_pages(hall, &supervisor, &filter, 9, seen), 1);
    filter.window = "";
    filter.workflow = "shop";
    assert_int_equal(read_pages(hall, &supervisor, &filter, 9, seen), 3);
    filter.workflow = "none";
    assert_int_equal(read_pages(hall, &supervisor, &filter, 9, seen), 0);
    filter.workflow = "";
    filter.applicant = "110105194912310021";
    assert_int_equal(read_pages(hall, &supervisor, &filter, 9, seen), 0);
}

static void test_cursors_of_strangers(void **state)
{
    static const char *const cursors[] = {
        "x",
        "0",
        "0g",
        "-1",
        "+1",
        " 1",
        "0x11",
        "00000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000"
    };
    struct hall *hall = *state;
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;
    Bl__ListIncidents incidents = BL__LIST_INCIDENTS__INIT;

    for (size_t i = 0; i < BL_COUNT(cursors); i++) {
        assert_string_equal(list(hall, &supervisor, &filter, 1, cursors[i])->refusal->code,
                            "invalid");
        incidents.after = cursors[i];
        assert_string_equal(
            ask(hall, &supervisor, &QUERY(INCIDENTS, incidents, incidents))->refusal->code,
            "invalid");
    }
    /* One of another list leads somewhere or nowhere, but does no harm. */
    const char *all = list(hall, &supervisor, &filter, 1, "")->next;
    filter.department = "amr";
    const char *amr = list(hall, &supervisor, &filter, 1, "")->next;
    filter.department = "fire";
    assert_null(list(hall, &supervisor, &filter, 9, amr)->refusal);
    assert_null(list(hall, &supervisor, &filter, 9, all)->refusal);
}

/* A department's list has its own cases, whatever it asks for. */
static void test_lists_of_a_department(void **state)
{
    static const char *const departments[] = { "", "amr", "urban", "fire" };
    struct hall *hall = *state;
    struct principal tax = hall_worker("tax"), urban = hall_worker("urban");
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;

    for (size_t i = 0; i < BL_COUNT(departments); i++) {
        filter.department = departments[i];
        assert_int_equal(list(hall, &tax, &filter, 0, "")->n_applications, 0);
        const Bl__QueryAnswer *answer = list(hall, &urban, &filter, 0, "");
        for (size_t j = 0; j < answer->n_applications; j++) {
            assert_int_equal(answer->applications[j]->n_items, 1);
            assert_string_equal(answer->applications[j]->items[0]->department, "urban");
        }
    }
}

/* --- events ------------------------------------------------------------------------------------
 */

static const Bl__QueryAnswer *events(struct hall *hall, const struct principal *principal,
                                     const char *number, uint64_t after, uint32_t limit)
{
    Bl__GetEvents what = BL__GET_EVENTS__INIT;

    what.number = number;
    what.after = after;
    what.limit = limit;
    return ask(hall, principal, &QUERY(EVENTS, events, what));
}

/* Reads on from `after` by pages of `limit`; returns how many there were, one after the other. */
static size_t read_events(struct hall *hall, const struct principal *principal, const char *number,
                          uint64_t after, uint32_t limit, uint64_t seqs[100])
{
    size_t count = 0, pages = 0;

    for (;;) {
        const Bl__QueryAnswer *answer = events(hall, principal, number, after, limit);

        assert_null(answer->refusal);
        assert_true(answer->n_events <= limit);
        for (size_t i = 0; i < answer->n_events; i++) {
            assert_true(answer->events[i]->event->seq > after);
            after = answer->events[i]->event->seq;
            assert_true(count < 100);
            seqs[count++] = after;
        }
        if (answer->next[0] == '\0') {
            return count;
        }
        after = strtoull(answer->next, NULL, 10);
        assert_true(++pages < PAGES_MAX);
    }
}

/* From wherever one begins, in pages of whatever size: the same rest. */
static void check_resume(struct hall *hall, const struct principal *principal, const char *number)
{
    uint64_t all[100], rest[100];
    size_t count = read_events(hall, principal, number, 0, 1000, all);

    for (size_t from = 0; from <= count; from++) {
        for (uint32_t limit = 1; limit <= 5; limit++) {
            size_t left =
                read_events(hall, principal, number, from == 0 ? 0 : all[from - 1], limit, rest);

            assert_int_equal(left, count - from);
            assert_memory_equal(rest, all + from, left * sizeof *rest);
        }
    }
}

static void test_events_of_all(void **state)
{
    struct hall *hall = *state;
    uint64_t seqs[100];
    size_t count = read_events(hall, &supervisor, "", 0, 1000, seqs);

    assert_int_equal(count, 3 + SHOPS + 4);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(seqs[i], i + 1);
    }
    check_resume(hall, &supervisor, "");
    assert_int_equal(events(hall, &supervisor, "", 1000, 0)->n_events, 0);
    assert_int_equal(events(hall, &supervisor, "", UINT64_MAX, 0)->n_events, 0);
}

static void test_events_of_one(void **state)
{
    struct hall *hall = *state;
    uint64_t seqs[100];

    assert_int_equal(read_events(hall, &supervisor, "S-20261123-0002", 0, 1000, seqs), 3);
    check_resume(hall, &supervisor, "S-20261123-0002");
    assert_string_equal(events(hall, &supervisor, "S-1", 0, 0)->refusal->code, "not-found");
}

/* Submissions with an item of its own and its own items' events: nothing of the directory, nothing
 * of others. */
static void test_events_of_a_department(void **state)
{
    struct hall *hall = *state;
    struct principal urban = hall_worker("urban"), tax = hall_worker("tax");
    const Bl__QueryAnswer *answer = events(hall, &urban, "", 0, 1000);

    assert_int_equal(answer->n_events, SHOPS + 1);
    for (size_t i = 0; i < answer->n_events; i++) {
        const Bl__EventView *view = answer->events[i];

        assert_int_equal(view->event->aggregate, BL__AGGREGATE__APPLICATION);
        assert_true(view->item[0] == '\0' || strcmp(view->item, "large") == 0);
    }
    check_resume(hall, &urban, "");
    check_resume(hall, &urban, "S-20261123-0003");
    assert_int_equal(events(hall, &tax, "", 0, 1000)->n_events, 0);
}

/* --- the hall ----------------------------------------------------------------------------------
 */

static const Bl__Status *status_of(struct hall *hall)
{
    Bl__GetStatus what = BL__GET_STATUS__INIT;

    return ask(hall, &supervisor, &QUERY(STATUS, status, what))->status;
}

static void test_status(void **state)
{
    struct hall *hall = *state;
    const Bl__Status *status = status_of(hall);

    assert_int_equal(status->newest_event, 3 + SHOPS + 4);
    assert_int_equal(status->applications, SHOPS);
    assert_int_equal(status->applications_open, SHOPS - 1);
    /* first and permit of eight, less one first; second of one; large of three */
    assert_int_equal(status->items_open, 15 + 1 + 3);
    assert_int_equal(status->incidents, 1);
    assert_int_equal(status->started_at, MONDAY_NINE);
    assert_int_equal(status->now, hall->now);
    assert_true(status->next_timer_at > MONDAY_NINE);
    assert_true(status->store_bytes > 0);
    assert_int_equal(status->map_bytes, (size_t)1 << 28);
    assert_true(status->free_disk_bytes > 0);
}

/* Work of a department counts also when it is published no more. */
static void test_status_without_a_department(void **state)
{
    static const char departments[] = "departments:\n"
                                      "  amr: {title: {zh: 甲, en: A}}\n";
    struct hall *hall = *state;
    uint64_t items = status_of(hall)->items_open;

    assert_null(
        hall_publish_text(hall, "departments.yaml", departments, sizeof departments - 1)->refusal);
    assert_int_equal(status_of(hall)->items_open, items);
}

static void test_publications(void **state)
{
    struct hall *hall = *state;
    Bl__ListPublications what = BL__LIST_PUBLICATIONS__INIT;

    assert_int_equal(
        ask(hall, &supervisor, &QUERY(PUBLICATIONS, publications, what))->n_publications, 3);
    what.kind = BL__PUBLICATION__KIND__WORKFLOW;
    const Bl__QueryAnswer *answer =
        ask(hall, &supervisor, &QUERY(PUBLICATIONS, publications, what));
    assert_int_equal(answer->n_publications, 1);
    assert_string_equal(answer->publications[0]->id, "shop");
    assert_int_equal(answer->publications[0]->version, 1);
    what.id = "none";
    assert_int_equal(
        ask(hall, &supervisor, &QUERY(PUBLICATIONS, publications, what))->n_publications, 0);
}

static void test_source(void **state)
{
    struct hall *hall = *state;
    Bl__GetSource what = BL__GET_SOURCE__INIT;

    what.kind = BL__PUBLICATION__KIND__WORKFLOW;
    what.id = "shop";
    for (uint32_t version = 0; version <= 1; version++) {
        what.version = version;
        const Bl__QueryAnswer *answer = ask(hall, &supervisor, &QUERY(SOURCE, source, what));
        assert_int_equal(answer->source.len, sizeof store_workflow - 1);
        assert_memory_equal(answer->source.data, store_workflow, answer->source.len);
    }
    what.version = 2;
    assert_string_equal(ask(hall, &supervisor, &QUERY(SOURCE, source, what))->refusal->code,
                        "not-found");
}

static void test_keys_are_for_administrators(void **state)
{
    static const Bl__Key__Role others[] = { BL__KEY__ROLE__CLERK, BL__KEY__ROLE__WORKER,
                                            BL__KEY__ROLE__TRACKER, BL__KEY__ROLE__SUPERVISOR,
                                            BL__KEY__ROLE__GATEWAY };
    struct hall *hall = *state;
    Bl__Command command = BL__COMMAND__INIT;
    Bl__GrantKey grant = BL__GRANT_KEY__INIT;
    Bl__Key key = BL__KEY__INIT;
    Bl__ListKeys what = BL__LIST_KEYS__INIT;

    key.name = "fire-worker";
    key.role = BL__KEY__ROLE__WORKER;
    key.department = "fire";
    key.public_key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
    grant.key = &key;
    command.what_case = BL__COMMAND__WHAT_GRANT_KEY;
    command.grant_key = &grant;
    assert_null(hall_do(hall, &hall_admin, &command)->refusal);
    const Bl__QueryAnswer *answer = ask(hall, &hall_admin, &QUERY(KEYS, keys, what));
    assert_int_equal(answer->n_keys, 1);
    assert_string_equal(answer->keys[0]->name, "fire-worker");
    for (size_t i = 0; i < BL_COUNT(others); i++) {
        struct principal other = { others[i], "other", "fire" };

        answer = ask(hall, &other, &QUERY(KEYS, keys, what));
        assert_string_equal(answer->refusal->code, "denied");
        assert_int_equal(answer->n_keys, 0);
    }
}

static const Bl__QueryAnswer *incidents_of(struct hall *hall, const struct principal *principal,
                                           uint32_t limit, const char *after)
{
    Bl__ListIncidents what = BL__LIST_INCIDENTS__INIT;

    what.limit = limit;
    what.after = after;
    return ask(hall, principal, &QUERY(INCIDENTS, incidents, what));
}

static void test_incidents(void **state)
{
    struct hall *hall = *state;
    struct principal urban = hall_worker("urban"), fire = hall_worker("fire");

    assert_null(shop_fail(hall, "urban", 6, "large")->refusal);
    assert_null(shop_fail(hall, "amr", 9, "first")->refusal);
    const Bl__QueryAnswer *answer = incidents_of(hall, &supervisor, 0, "");
    assert_int_equal(answer->n_incidents, 3);
    assert_string_equal(answer->incidents[0]->task, "S-20261123-0003.large");
    assert_string_equal(answer->incidents[0]->department, "urban");
    assert_string_equal(answer->incidents[0]->reason, "printer on fire");
    assert_int_equal(answer->incidents[0]->failures, 1);
    assert_string_equal(answer->next, "");
    answer = incidents_of(hall, &supervisor, 2, "");
    assert_int_equal(answer->n_incidents, 2);
    answer = incidents_of(hall, &supervisor, 2, answer->next);
    assert_int_equal(answer->n_incidents, 1);
    assert_string_equal(answer->incidents[0]->task, "S-20261123-0009.first");
    assert_int_equal(incidents_of(hall, &urban, 0, "")->n_incidents, 2);
    assert_int_equal(incidents_of(hall, &fire, 0, "")->n_incidents, 0);
}

static void damage(struct hall *hall)
{
    struct raw raw;

    hall_stop(hall);
    raw_open(&raw, hall);
    raw_damage(&raw, TABLE_APPLICATIONS, 4);
    raw_close(&raw);
    hall_start(hall);
}

/* A damaged record: the question about it says so, lists and events of the others go on, and once
 * its timer has come it stands among the incidents. */
static void test_damaged_record(void **state)
{
    struct hall *hall = *state;
    struct principal urban = hall_worker("urban");
    Bl__ListApplications filter = BL__LIST_APPLICATIONS__INIT;

    damage(hall);
    assert_string_equal(get(hall, &supervisor, "S-20261123-0005", false)->refusal->code, "corrupt");
    assert_int_equal(list(hall, &supervisor, &filter, 0, "")->n_applications, SHOPS - 1);
    assert_int_equal(events(hall, &supervisor, "", 0, 1000)->n_events, 3 + SHOPS + 4 - 1);
    hall->now += 30 * DAY_US;
    assert_int_equal(shop_wake(hall), BL_OK);
    const Bl__QueryAnswer *answer = incidents_of(hall, &supervisor, 0, "");
    assert_int_equal(answer->n_incidents, 2);
    assert_string_equal(answer->incidents[1]->record, "applications/5");
    assert_int_equal(incidents_of(hall, &urban, 0, "")->n_incidents, 1);
    hall_stop(hall);
    hall_remove(hall);
    shop_open(hall);  // one that teardown finds in order
}

static void test_departments(void **state)
{
    struct hall *hall = *state;
    Bl__ListDepartments what = BL__LIST_DEPARTMENTS__INIT;
    const Bl__QueryAnswer *answer = ask(hall, &supervisor, &QUERY(DEPARTMENTS, departments, what));

    assert_true(answer->n_departments > 3);
    assert_string_equal(answer->departments[0]->id, "hall");
    assert_string_equal(answer->departments[0]->title->en, "Government service centre");
    assert_true(answer->departments[0]->known);
}

static void test_no_question(void **state)
{
    struct hall *hall = *state;
    Bl__Query query = BL__QUERY__INIT;

    assert_string_equal(ask(hall, &supervisor, &query)->refusal->code, "malformed");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    static struct CMUnitTest tests[BL_COUNT(list_cases) + 23] = {
        T(test_get),
        T(test_get_with_history),
        T(test_get_unknown),
        T(test_get_as_a_department),
        T(test_masked),
        T(test_all_lights_are_seen),
        T(test_order),
        T(test_pages_survive_inserts),
        T(test_limits),
        T(test_applicant),
        T(test_cursors_of_strangers),
        T(test_lists_of_a_department),
        T(test_events_of_all),
        T(test_events_of_one),
        T(test_events_of_a_department),
        T(test_status),
        T(test_status_without_a_department),
        T(test_publications),
        T(test_source),
        T(test_keys_are_for_administrators),
        T(test_incidents),
        T(test_damaged_record),
        T(test_departments),
        T(test_no_question),
    };
    size_t count = BL_COUNT(tests) - BL_COUNT(list_cases);

    for (size_t i = 0; i < BL_COUNT(list_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = list_cases[i].name,
                                              .test_func = test_list,
                                              .setup_func = setup_list,
                                              .teardown_func = teardown,
                                              .initial_state = (void *)(uintptr_t)&list_cases[i] };
    }
    return _cmocka_run_group_tests("query", tests, count, NULL, NULL);
}
