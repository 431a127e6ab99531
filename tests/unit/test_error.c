/* What error.h, check.h and base/log.h promise: stable codes, the first error kept, a CHECK that
 * stops the process in every build, one line of log for each event. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

static const enum bl_err codes[] = {
#define X(code, name, http, exit) code,
    BL_ERRORS(X)
#undef X
};

static void test_names_lead_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < BL_COUNT(codes); i++) {
        const char *name = bl_err_name(codes[i]);

        assert_int_equal(bl_err_from_name(name), codes[i]);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        assert_true(bl_err_http(codes[i]) >= 200 && bl_err_http(codes[i]) < 600);
        assert_in_range(bl_err_exit(codes[i]), 0, 7);
        assert_int_equal(bl_err_exit(codes[i]) == 0, codes[i] == BL_OK);
    }
    assert_int_equal(bl_err_from_name("no-such-code"), BL_FAILED);
}

/* Scripts rely on these: the exit statuses of binglian(1). */
static void test_exit_statuses(void **state)
{
    static const struct {
        const char *name;
        int http, exit;
    } rows[] = {
        { "ok", 200, 0 },
        { "failed", 500, 1 },
        { "usage", 400, 2 },
        { "not-found", 404, 3 },
        { "denied", 403, 4 },
        { "refused", 409, 5 },
        { "request-reused", 422, 5 },
        { "invalid", 422, 6 },
        { "unavailable", 503, 7 },
        { "full", 507, 7 },
    };

    (void)state;
    for (size_t i = 0; i < BL_COUNT(rows); i++) {
        enum bl_err code = bl_err_from_name(rows[i].name);

        assert_string_equal(bl_err_name(code), rows[i].name);
        assert_int_equal(bl_err_http(code), rows[i].http);
        assert_int_equal(bl_err_exit(code), rows[i].exit);
    }
}

static void test_first_error_is_kept(void **state)
{
    struct bl_error e = { 0 };

    (void)state;
    assert_int_equal(bl_error_at(&e, BL_DEFINITION, "a.yaml", 3, 7, "%d wrong", 1), BL_DEFINITION);
    assert_int_equal(bl_error_set(&e, BL_IO, "what followed"), BL_IO);
    assert_int_equal(e.code, BL_DEFINITION);
    assert_int_equal(e.line, 3);
    assert_int_equal(e.column, 7);
    assert_string_equal(e.source, "a.yaml");
    assert_string_equal(e.text, "1 wrong");
    assert_int_equal(bl_error_set(NULL, BL_IO, "nobody asks"), BL_IO);
}

static void test_long_texts_are_cut_between_characters(void **state)
{
    struct bl_error e = { 0 };
    char text[1000] = "", source[1000] = "";

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        memcpy(text + 3 * i, "老", 4);
        memcpy(source + 3 * i, "馆", 4);
    }
    (void)bl_error_at(&e, BL_INVALID, source, 0, 0, "%s", text);
    assert_true(strlen(e.text) >= sizeof e.text - 4);
    assert_true(bl_text_is_valid(e.text, strlen(e.text)));
    assert_true(bl_text_is_valid(e.source, strlen(e.source)));
}

/* --- CHECK ------------------------------------------------------------------------------------
 */

static void check_false(void)
{
    CHECK(codes[0] == BL_FAILED);
}

static void unreachable(void)
{
    UNREACHABLE();
}

static void arena_past_its_bound(void)
{
    struct bl_arena arena;

    bl_arena_init(&arena, 64, 100);
    (void)bl_arena_alloc(&arena, 101);
}

static void map_of_key_nothing(void)
{
    struct bl_map map = { 0 };

    bl_map_put(&map, 0, &map);
}

static const struct {
    const char *name;
    void (*act)(void);
    const char *said;
} check_cases[] = {
    { "check: a false condition", check_false, "check failed: codes[0] == BL_FAILED" },
    { "check: what cannot be reached", unreachable, "check failed: unreachable" },
    { "check: an arena past its bound", arena_past_its_bound, "check failed: memory != NULL" },
    { "check: a map's key 0", map_of_key_nothing, "check failed: key != 0" },
};

/* Runs `act` in a child process and gives what it wrote to stderr; returns its wait status. */
static int in_child(void (*act)(void), char *said, size_t size)
{
    int ends[2], status;
    size_t count = 0;
    ssize_t got;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);  // cmocka catches it
        (void)dup2(ends[1], STDERR_FILENO);
        act();
        _exit(0);
    }
    (void)close(ends[1]);
    while ((got = read(ends[0], said + count, size - 1 - count)) > 0) {
        count += (size_t)got;
    }
    said[count] = '\0';
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_check(void **state)
{
    size_t row = (size_t)*state;
    char said[4096];
    int status = in_child(check_cases[row].act, said, sizeof said);

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(said, check_cases[row].said));
    assert_non_null(strstr(said, ".c:"));  // where
}

static void test_check_evaluates_once(void **state)
{
    int times = 0;

    (void)state;
    CHECK(++times == 1);
    assert_int_equal(times, 1);
}

/* --- the log ----------------------------------------------------------------------------------
 */

static void log_two_lines(void)
{
    (void)unsetenv("JOURNAL_STREAM");
    bl_log_level_set(BL_LOG_INFO);
    bl_log(BL_LOG_DEBUG, "not.said", "a=1");
    bl_log(BL_LOG_WARN, "lease.lapsed", "app=%d text=\"%s\"", 17, "one\ntwo\t\x1B[31m");
    (void)setenv("JOURNAL_STREAM", "9:9", 1);
    bl_log(BL_LOG_ERROR, "record.damaged", "application=%d", 3);
}

static void test_log_lines(void **state)
{
    char said[4096];

    (void)state;
    assert_int_equal(in_child(log_two_lines, said, sizeof said), 0);
    char *end = strchr(said, '\n');
    assert_non_null(end);
    *end = '\0';
    /* 2026-10-12T01:03:07.412913Z warn lease.lapsed app=17 … */
    assert_int_equal(said[4], '-');
    assert_non_null(strstr(said, "Z warn lease.lapsed app=17 text=\"one two  [31m\""));
    assert_string_equal(end + 1, "<3>record.damaged application=3\n");
}

static void log_too_much(void)
{
    char text[5000];

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    bl_log(BL_LOG_ERROR, "long.line", "text=%s", text);
    bl_log(BL_LOG_ERROR, "next.line", "a=1");
}

static void test_log_is_bounded(void **state)
{
    char said[4096];

    (void)state;
    assert_int_equal(in_child(log_too_much, said, sizeof said), 0);
    const char *end = strchr(said, '\n');
    assert_non_null(end);
    assert_true(end - said <= 1024);
    assert_non_null(strstr(end, "next.line a=1\n"));
}

static struct CMUnitTest tests[BL_COUNT(check_cases) + 7];

int main(void)
{
    size_t count = 0;

    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_names_lead_back);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_exit_statuses);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_first_error_is_kept);
    tests[count++] =
        (struct CMUnitTest)cmocka_unit_test(test_long_texts_are_cut_between_characters);
    for (size_t i = 0; i < BL_COUNT(check_cases); i++) {
        tests[count++] = (struct CMUnitTest){ .name = check_cases[i].name,
                                              .test_func = test_check,
                                              .initial_state = (void *)(uintptr_t)i };
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_check_evaluates_once);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_log_lines);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(test_log_is_bounded);
    return _cmocka_run_group_tests("error", tests, count, NULL, NULL);
}
