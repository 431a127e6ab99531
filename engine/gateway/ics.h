/* ics.h — writes calendars of deadlines that calendar programs subscribe to (iCalendar, RFC 5545).
 * It knows the format and nothing of the hall. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/time.h"

#define ICS_LINE_OCTETS 75  // RFC 5545, 3.1: longer lines are folded, between characters

/* One deadline: a moment without a length. Texts are valid UTF-8. */
struct ics_event {
    const char *uid;  // the same for ever: a program that asks again moves what it has
    const char *summary;
    const char *description;  // "": none
    bl_time at;
    bool tentative;  // it may still move
};

/*   language  of its texts, as an RFC 5646 tag */
void ics_begin(FILE *out, const char *name, const char *language);
/*   made_at  when this was read */
void ics_event(FILE *out, const struct ics_event *event, bl_time made_at);
void ics_end(FILE *out);
