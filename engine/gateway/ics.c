#include "gateway/ics.h"

#include <string.h>

#include "base/text.h"

#define MOMENT_BYTES 32
#define YEAR_LAST 9999

/* The line so far, and how many octets of it are written. */
struct line {
    FILE *out;
    size_t octets;
};

/* How many octets the character takes that begins there. */
static size_t character_bytes(const char *at)
{
    size_t bytes = 1;

    while ((at[bytes] & 0xC0) == 0x80) {
        bytes++;
    }
    return bytes;
}

/* What must not be torn apart: a character, or a backslash with what it escapes. A fold's blank
 * counts as part of the next line. */
static void put(struct line *line, const char *piece, size_t bytes)
{
    if (line->octets + bytes > ICS_LINE_OCTETS) {
        (void)fputs("\r\n ", line->out);
        line->octets = 1;
    }
    (void)fwrite(piece, 1, bytes, line->out);
    line->octets += bytes;
}

static void put_plain(struct line *line, const char *text)
{
    for (size_t bytes; *text != '\0'; text += bytes) {
        bytes = character_bytes(text);
        put(line, text, bytes);
    }
}

/* RFC 5545, 3.3.11; control characters that a text may not have become blanks. */
static void put_escaped(struct line *line, const char *text)
{
    for (size_t bytes; *text != '\0'; text += bytes) {
        bytes = character_bytes(text);
        if (*text == '\\' || *text == ';' || *text == ',') {
            put(line, (char[]){ '\\', *text }, 2);
        } else if (*text == '\n') {
            put(line, "\\n", 2);
        } else if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            put(line, " ", 1);
        } else {
            put(line, text, bytes);
        }
    }
}

static void plain(FILE *out, const char *name, const char *value)
{
    struct line line = { out, 0 };

    put_plain(&line, name);
    put_plain(&line, value);
    (void)fputs("\r\n", out);
}

static void escaped(FILE *out, const char *name, const char *text)
{
    struct line line = { out, 0 };

    put_plain(&line, name);
    put_escaped(&line, text);
    (void)fputs("\r\n", out);
}

/* "20261207T093000Z": in UTC, so that no program has to know the hall's zone. */
static void moment(FILE *out, const char *name, bl_time at)
{
    bl_day day = bl_time_day(at, 0);
    struct bl_date date = bl_date_of(day);
    int seconds = (int)((at - bl_day_start(day, 0)) / SECOND_US);
    char text[MOMENT_BYTES];

    CHECK(date.year >= 0 && date.year <= YEAR_LAST);
    (void)snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", (int)date.year, (int)date.month,
                   (int)date.day, seconds / 3600, seconds / 60 % 60, seconds % 60);
    plain(out, name, text);
}

void ics_begin(FILE *out, const char *name, const char *language)
{
    char prefix[MOMENT_BYTES];

    plain(out, "BEGIN:", "VCALENDAR");
    plain(out, "VERSION:", "2.0");
    plain(out, "PRODID:", "-//Binglian//Binglian " BINGLIAN_VERSION "//EN");
    plain(out, "CALSCALE:", "GREGORIAN");
    (void)snprintf(prefix, sizeof prefix, "NAME;LANGUAGE=%.8s:", language);  // RFC 7986
    escaped(out, prefix, name);
    escaped(out, "X-WR-CALNAME:", name);  // what most programs read in its place
    plain(out, "REFRESH-INTERVAL;VALUE=DURATION:", "PT1H");
}

void ics_event(FILE *out, const struct ics_event *event, bl_time made_at)
{
    plain(out, "BEGIN:", "VEVENT");
    escaped(out, "UID:", event->uid);
    moment(out, "DTSTAMP:", made_at);
    moment(out, "DTSTART:", event->at);
    escaped(out, "SUMMARY:", event->summary);
    if (event->description[0] != '\0') {
        escaped(out, "DESCRIPTION:", event->description);
    }
    plain(out, "STATUS:", event->tentative ? "TENTATIVE" : "CONFIRMED");
    plain(out, "TRANSP:", "TRANSPARENT");
    plain(out, "CLASS:", "CONFIDENTIAL");
    plain(out, "END:", "VEVENT");
}

void ics_end(FILE *out)
{
    plain(out, "END:", "VCALENDAR");
}
