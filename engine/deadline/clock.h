/* clock.h — when a limit runs out: start, stops, extension, due, yellow, light.
 * A clock is a question about plain data: the caller keeps start, limit and stops, and asks again
 * whenever one of them or the calendar has changed. The answer for unchanged data never changes.
 *
 * The rules (行政许可法 第八十二条, 第四十二条, 第四十五条; 民法典 第二百零一条 to 第二百零四条):
 *   - The day of the start is day 0 and does not count. A limit of N working days is due at the
 *     close of the N-th working day after it; 0.5 WD counts half an office day from the start, and
 *     n.5 WD ends in the middle of the office time of the day after the n-th.
 *   - Each unit has its own measure: WD whole working days, ND calendar days, WH and half days
 *     office time, NH time as it passes. A stop moves the due moment by what the clock would have
 *     measured while it stood; for WD and ND the day on which a stop begins is already used and
 *     the day on which it ends is left out.
 *   - A stop with a cap ends at its cap even if nobody resumes. Stops are united, never summed.
 *     One that begins after the due moment moves nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "binglian/v1/query.pb-c.h"
#include "deadline/calendar.h"
#include "deadline/limit.h"

struct clock_stop {
    bl_time from, to;  // to = BL_NEVER while open
    struct limit cap;  // the announced length; halves 0 = none
};

struct clock_question {
    bl_time start;                   // effective: the clock does not move it into office hours
    struct limit limit, extension;   // an extension in another unit counts from the limit's end
    const struct clock_stop *stops;  // in any order, overlapping or not
    size_t stop_count;               // a handful: the work grows with its square
    bool roll;                       // ND only: due on a day off means due on the next working day
    bool midnight;  // WD and ND: due at 24:00 of the due day, not at the close of business
};

struct clock_answer {
    bl_time due;       // BL_NEVER while stopped without known end, and for no limit
    bool stopped;      // stopped without known end
    bool provisional;  // a notice that is not out yet may still move it
    int32_t shift;     // by how much the stops moved it: days for WD and ND, else minutes
    int32_t left;      // stopped without known end: working days left when it resumes; else 0
};

struct clock_answer clock_due(const struct calendar *calendar,
                              const struct clock_question *question);

/* Lists the days that counted, in order: for hours and half days those on which some time counted.
 * While the clock is stopped without known end, those up to the stop.
 *   room     how many days `counted` holds
 *   returns  how many there are; those past `room` are not written */
size_t clock_explain(const struct calendar *calendar, const struct clock_question *question,
                     bl_day *counted, size_t room);

/* Does a stop hold the clock at `now`? One that has passed its cap does not. */
bool clock_is_stopped(const struct calendar *calendar, const struct clock_question *question,
                      bl_time now);

/* When yellow begins: the opening of the first working day with at most `warn_days` working days
 * remaining, but for limits up to one day and all in hours, the beginning of their last quarter.
 * Never before `start`; BL_NEVER if `due` is.
 *   warn_days  0 = a fifth of the limit, rounded up, at least 1 */
bl_time clock_warn(const struct calendar *calendar, struct limit limit, bl_time start, bl_time due,
                   int32_t warn_days);

/* Working days in (today, due day]: N on day 0, 0 on the due day; once that is past, minus the
 * working days since. INT32_MAX if `due` is BL_NEVER. */
int32_t clock_remaining(const struct calendar *calendar, bl_time now, bl_time due);

/* Deemed acceptance (行政许可法 第三十二条): silence up to and including `last` accepts the
 * application at the first moment after it, with day 0 on the day of `start`. */
struct clock_silence {
    bl_time start;  // effective receipt: where the clocks begin, `last` notwithstanding
    bl_time last;
};
/*   received  the physical moment of receipt
 *   limit     the time for the one-time notification, 5 WD by law */
struct clock_silence clock_deemed(const struct calendar *calendar, bl_time received,
                                  struct limit limit);

/* What a light needs to know of a clock; CLOCK_NONE where there is none. */
struct clock_face {
    bl_time warn, due;  // BL_NEVER while it has none
    bool stopped;       // does it stand now?
};
#define CLOCK_NONE ((struct clock_face){ .warn = BL_NEVER, .due = BL_NEVER })

/* The light of what is open, computed from the time and never stored: red if the promise or the
 * legal limit is over, else yellow if a running one warns, else blue while the promise stands, else
 * green. What has ended is grey, and nobody needs to ask. */
Bl__Light clock_light(struct clock_face promise, struct clock_face legal, bl_time now);
/* The worse of two: red, yellow, blue, green, grey, none. */
Bl__Light clock_light_worse(Bl__Light a, Bl__Light b);
