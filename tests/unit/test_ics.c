/* Calendars of deadlines as RFC 5545 wants them: lines, folds, escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/ics.h"

#define DUE INT64_C(1796635800000000)  // 2026-12-07T09:30:00Z

static char *write_one(const char *summary, const char *description)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);

    assert_non_null(out);
    ics_begin(out, "期限", "zh");
    ics_event(out, &(struct ics_event){ "CY-1.fire@binglian", summary, description, DUE, true },
              DUE - DAY_US);
    ics_end(out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void form_test(void **state)
{
    (void)state;
    char *text = write_one("CY-1 消防", "");

    assert_ptr_equal(strstr(text, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:"), text);
    assert_non_null(strstr(text, "\r\nUID:CY-1.fire@binglian\r\n"));
    assert_non_null(strstr(text, "\r\nDTSTAMP:20261206T093000Z\r\n"));
    assert_non_null(strstr(text, "\r\nDTSTART:20261207T093000Z\r\n"));
    assert_non_null(strstr(text, "\r\nSUMMARY:CY-1 消防\r\n"));
    assert_non_null(strstr(text, "\r\nSTATUS:TENTATIVE\r\n"));
    assert_null(strstr(text, "DESCRIPTION"));
    assert_non_null(strstr(text, "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"));
    free(text);
}

static void escape_test(void **state)
{
    (void)state;
    char *text = write_one("a,b;c\\d\ne\r\tf", "x");

    assert_non_null(strstr(text, "\r\nSUMMARY:a\\,b\\;c\\\\d\\ne  f\r\nDESCRIPTION:x\r\n"));
    free(text);
}

/* Every line has at most 75 octets and whole characters, and unfolded it is what was written. */
static void check_folds(const char *summary)
{
    char *text = write_one(summary, ""), *joined = calloc(1, strlen(text) + 1), *to = joined;

    assert_non_null(joined);
    for (const char *line = text; *line != '\0';) {
        const char *end = strstr(line, "\r\n");

        assert_non_null(end);
        assert_true(end - line <= ICS_LINE_OCTETS);
        assert_true(bl_text_is_valid(line, (size_t)(end - line)));
        memcpy(to, line, (size_t)(end - line));
        to += end - line;
        line = end + 2;
        if (*line == ' ') {
            line++;
            continue;
        }
        *to++ = '\n';
    }
    const char *at = strstr(joined, "\nSUMMARY:");
    assert_non_null(at);
    assert_int_equal(strncmp(at + strlen("\nSUMMARY:"), summary, strlen(summary)), 0);
    free(joined);
    free(text);
}

static void fold_test(void **state)
{
    char summary[4 * 128 + 1];

    (void)state;
    for (size_t letters = 0; letters < 8; letters++) {  // every place within a character
        for (size_t count = 1; count < 100; count++) {
            size_t at = 0;

            memset(summary, 'a', letters);
            at = letters;
            for (size_t i = 0; i < count; i++) {
                const char *piece = i % 3 == 0 ? "期" : i % 3 == 1 ? "b" : "😀";

                memcpy(summary + at, piece, strlen(piece));
                at += strlen(piece);
            }
            summary[at] = '\0';
            check_folds(summary);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_test),
        cmocka_unit_test(escape_test),
        cmocka_unit_test(fold_test),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
